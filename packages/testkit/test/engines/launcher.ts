import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A first build of the server takes a minute or two, and more beside other tests. */
export const INSTALL_MS = 600_000

/** As it was built, in a process of its own: what is shown here is what happens to processes. */
const built = fileURLToPath(new URL('../../dist/engines.js', import.meta.url))

const program = `
  const { enginesCommand } = await import(${JSON.stringify(built)})
  process.exitCode = await enginesCommand(process.argv.slice(1))
`

/** The arguments of Node that run the command. */
export function commandLine(...args: string[]): string[] {
  return ['--input-type=module', '--eval', program, '--', ...args]
}

export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command to its end. */
export async function engines(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  const child = spawn(process.execPath, commandLine(...args), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text))
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

export interface ReadyLine {
  readonly ready: true
  readonly sites: readonly {
    readonly name: string
    readonly engine: string
    readonly endpoints: readonly string[]
    readonly nodes: readonly { readonly pid: number; readonly endpoint: string; readonly dir: string }[]
  }[]
}

/** A program that runs in the foreground; killed with the test if it still does. */
export class Foreground {
  readonly child: ChildProcess
  /** All of its stdout. */
  stdout = ''
  readonly #lines: Interface

  constructor(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
    child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text))
    this.child = child
    this.#lines = createInterface({ input: child.stdout })
    onTestFinished(() => this.end('SIGKILL').then(() => {}))
  }

  /** The first line of JSON. */
  async ready(): Promise<ReadyLine> {
    for await (const line of this.#lines) if (line.startsWith('{')) return JSON.parse(line)
    throw new Error(`it ended without a line of JSON: ${this.stdout}`)
  }

  /** Sends the signal and gives how it ended. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    const { child } = this
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await once(child, 'exit')
    }
    return child.exitCode ?? child.signalCode ?? 0
  }
}

/** `up` with these arguments. */
export function up(args: readonly string[], env: NodeJS.ProcessEnv = {}): Foreground {
  return new Foreground(process.execPath, commandLine('up', ...args), env)
}

export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
