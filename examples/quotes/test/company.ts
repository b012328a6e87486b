import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const START = fileURLToPath(new URL('../dist/start.js', import.meta.url))

/** The example as `npm start` runs it, with what it says on its output. */
export class Company {
  readonly lines: string[] = []
  readonly #child: ChildProcess
  readonly #exited: Promise<number | null>
  readonly #waiting = new Set<() => void>()

  constructor(args: readonly string[]) {
    if (!existsSync(START)) throw new Error(`${START} is not built: npm run build -- @spanwire-examples/quotes`)
    this.#child = spawn(process.execPath, [START, ...args], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#exited = new Promise((resolve) => this.#child.on('exit', resolve))
    const { stdout } = this.#child
    if (!stdout) throw new Error('the example has no output')
    createInterface(stdout).on('line', (line) => {
      this.lines.push(line)
      for (const look of this.#waiting) look()
    })
  }

  /** The first line, or the one after `from` lines, that fits. Rejects when the example ends before. */
  line(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = this.lines
          .slice(from)
          .map((line) => pattern.exec(line))
          .find((one) => one !== null)
        if (!match) return
        this.#waiting.delete(look)
        resolve(match)
      }
      this.#waiting.add(look)
      void this.#exited.then((code) =>
        reject(new Error(`ended with ${code} before ${pattern}:\n${this.lines.join('\n')}`)),
      )
      look()
    })
  }

  /** Every process it said that it started, its own first. */
  get pids(): readonly number[] {
    const named = this.lines.flatMap((line) => / pid (\d+)/.exec(line)?.[1] ?? [])
    return [this.#child.pid ?? 0, ...named.map(Number)]
  }

  /** Of the running process of that site: its gateway, or the engine behind it. */
  pidOf(site: string, what: 'site' | 'engine' = 'site'): number {
    const pids = this.lines.flatMap((line) => new RegExp(`^${what} ${site} pid (\\d+)`).exec(line)?.[1] ?? [])
    return Number(pids.at(-1))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Resolves with the exit code once it has ended. */
  async ended(): Promise<number | null> {
    return this.#exited
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
