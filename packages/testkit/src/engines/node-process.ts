import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import type { NodeState } from './engine.js'
import { tail } from './program.js'
import { spawnTied } from './tied.js'

/** How long a process has to end when asked. Three brokers of Kafka that end together take 6 s on a quiet machine, and took more than 10 on a busy one. */
const TERMINATE_MS = 20_000

/** One run of a node's program. A signal reaches it or nobody: its number stays taken until this process has seen it end. */
export class NodeProcess {
  readonly pid: number
  /** Resolves when it has ended. */
  readonly gone: Promise<void>
  readonly #child: ChildProcess
  readonly #log: { readonly file: string; readonly from: number }
  #state: NodeState = 'up'

  private constructor(child: ChildProcess, pid: number, log: { readonly file: string; readonly from: number }) {
    this.pid = pid
    this.#child = child
    this.#log = log
    this.gone = new Promise((resolve) => {
      child.once('exit', () => {
        this.#state = 'down'
        resolve()
      })
    })
  }

  /** Resolves once the program was started; it logs to `out.log` in its folder. */
  static async start(argv: readonly string[], dir: string): Promise<NodeProcess> {
    const file = join(dir, 'out.log')
    const log = openSync(file, 'a')
    const from = fstatSync(log).size
    try {
      const child = spawnTied(argv, { cwd: dir, log })
      await once(child, 'spawn')
      return new NodeProcess(child, child.pid ?? 0, { file, from })
    } finally {
      closeSync(log)
    }
  }

  get state(): NodeState {
    return this.#state
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.gone
  }

  async terminate(): Promise<void> {
    this.signal('SIGTERM')
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#tooLate()), TERMINATE_MS)
    })
    await Promise.race([this.gone, late]).finally(() => clearTimeout(timer))
  }

  hang(): void {
    if (this.signal('SIGSTOP')) this.#state = 'hung'
  }

  heal(): void {
    if (this.signal('SIGCONT')) this.#state = 'up'
  }

  /** `false`: it has ended. */
  signal(name: NodeJS.Signals): boolean {
    return this.#state !== 'down' && this.#child.kill(name)
  }

  /** The end of what it logged. */
  lastWords(): string {
    return tail(readFileSync(this.#log.file).subarray(this.#log.from).toString())
  }

  #tooLate(): MessagingError {
    const state = this.#state === 'hung' ? ': it is hung, so heal it first or kill it' : ''
    return new MessagingError('timeout', `process ${this.pid} did not end within ${TERMINATE_MS} ms of SIGTERM${state}`)
  }
}
