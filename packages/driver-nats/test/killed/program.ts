import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { onTestFinished } from 'vitest'

const packages = fileURLToPath(new URL('../../..', import.meta.url))
const entry = fileURLToPath(new URL('./victim.ts', import.meta.url))

/** A folder that lives as long as the test, with the program in it as one file. */
export async function programFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'spanwire-killed-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: '@spanwire/driver/kit', replacement: `${packages}/driver/src/kit/index.ts` },
        { find: /^@spanwire\/([a-z-]+)$/, replacement: `${packages}/$1/src/index.ts` },
      ],
    },
    ssr: { noExternal: true },
    build: { ssr: entry, outDir: folder, rollupOptions: { output: { entryFileNames: 'victim.mjs' } } },
  })
  return folder
}

export interface Program {
  /** Resolves when it has had so many effects. Rejects if it ends before. */
  effects(count: number): Promise<void>
  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void>
}

/** Runs the program of the folder. Gone at the end of the test. */
export function run(folder: string, endpoint: string, journal: string): Program {
  const child: ChildProcess = spawn(process.execPath, [join(folder, 'victim.mjs'), endpoint, journal], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'close')
  let count = 0
  let look = (): void => undefined
  if (child.stdout)
    createInterface({ input: child.stdout }).on('line', () => {
      count += 1
      look()
    })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  onTestFinished(kill)
  const effects = async (goal: number): Promise<void> => {
    const reached = new Promise<void>((resolve) => {
      look = () => {
        if (count >= goal) resolve()
      }
      look()
    })
    await Promise.race([reached, gone])
    if (count < goal) throw new Error(`the program ended after ${count} of ${goal} effects`)
  }
  return { effects, kill }
}
