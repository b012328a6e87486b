import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const VERSION = '2.16.0'
const cache = fileURLToPath(new URL('../../../../.engines/', import.meta.url))
const peer = fileURLToPath(new URL('../interop/peer.py', import.meta.url))
const run = promisify(execFile)

/** Where nats-py is, or why it cannot be had here. */
export type Python = { readonly path: string } | { readonly missing: string }

/** Fetches nats-py with pip once, into the cache of engines. */
export async function findPython(): Promise<Python> {
  const path = `${cache}nats-py-${VERSION}`
  if (existsSync(path)) return { path }
  const staging = `${path}-${process.pid}`
  try {
    await mkdir(cache, { recursive: true })
    const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--target', staging]
    await run('python3', ['-m', 'pip', 'install', ...flags, `nats-py==${VERSION}`], { timeout: 60_000 })
    await rename(staging, path).catch((error: unknown) => {
      // Somebody else was as fast.
      if (!existsSync(path)) throw error
    })
    return { path }
  } catch (error) {
    const words = String(error instanceof Error ? error.message : error)
      .trim()
      .split('\n')
    return { missing: `nats-py ${VERSION} cannot be had here: ${words.at(-1)}` }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

export interface Said {
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Peer {
  /** It is subscribed. */
  readonly ready: Promise<void>
  /** What it said, when it has ended. Rejects if it failed. */
  readonly said: Promise<readonly Said[]>
}

/** Runs the program of `interop/peer.py`. */
export function python(path: string, ...args: readonly string[]): Peer {
  const child = spawn('python3', [peer, ...args], {
    env: { ...process.env, PYTHONPATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: Said[] = []
  let isReady: () => void = () => undefined
  const ready = new Promise<void>((resolve) => {
    isReady = resolve
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const what = JSON.parse(line) as Said | { readonly ready: true }
    if ('ready' in what) isReady()
    else lines.push(what)
  })
  return { ready, said: ended(child).then(() => lines) }
}

async function ended(child: ChildProcess): Promise<void> {
  let words = ''
  child.stderr?.on('data', (data) => {
    words += data
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`the Python program ended with ${code}: ${words.slice(-500)}`)
}
