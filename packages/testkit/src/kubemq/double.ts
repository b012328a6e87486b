import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markClean } from './ghosts.js'
import { type Quirks, withQuirks } from './quirks.js'
import { type Ending, Run, type Tls } from './run.js'

export interface DoubleOptions {
  /** Where it keeps what outlives it. Default: a folder that is removed when the double is disposed of. */
  readonly dir?: string
  /** Default: any free one, which stays its own over restarts. */
  readonly port?: number
  /** What a Ping calls it, and with its start the epoch of its log. Default: another name each. */
  readonly host?: string
  /** With it the port takes TLS only. */
  readonly tls?: Tls
  /** How it misbehaves; what is not said is as measured. */
  readonly quirks?: Partial<Quirks>
  /** Called when it has ended itself, as the real one does by a panic (C18). */
  readonly onCrash?: () => void
}

/**
 * A double of the KubeMQ server, in this process: it speaks the protocol over gRPC on the loopback, with what was measured of
 * the real one, its faults included. It is no KubeMQ: what was shown with it is to be shown with the real server too.
 */
export interface KubemqDouble extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly endpoint: string
  readonly dir: string
  readonly host: string
  /** From now on it misbehaves so too. */
  misbehave(quirks: Partial<Quirks>): void
  /** Ends it as SIGTERM or SIGKILL would: connections drop, and what was pending leaves ghosts behind. */
  stop(how: Ending): Promise<void>
  /** Starts it again at its endpoint with what it keeps, or `wipe` without; one that runs is stopped cleanly before. */
  restart(how?: { readonly data: 'keep' | 'wipe' }): Promise<void>
}

/** Resolves when it answers. Rejects if its port is taken. */
export async function startKubemqDouble(options: DoubleOptions = {}): Promise<KubemqDouble> {
  const double = new Double(options)
  await double.restart()
  return double
}

class Double implements KubemqDouble {
  readonly dir: string
  readonly host: string
  readonly #options: DoubleOptions
  #quirks: Quirks
  #port: number
  #run: Run | undefined

  constructor(options: DoubleOptions) {
    this.#options = options
    this.dir = options.dir ?? mkdtempSync(join(tmpdir(), 'spanwire-kubemq-'))
    this.host = options.host ?? `double-${randomUUID()}`
    this.#port = options.port ?? 0
    this.#quirks = withQuirks(options.quirks ?? {})
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`
  }

  misbehave(quirks: Partial<Quirks>): void {
    this.#quirks = withQuirks(quirks, this.#quirks)
    this.#run?.broker.misbehave(this.#quirks)
  }

  async stop(how: Ending): Promise<void> {
    const run = this.#run
    this.#run = undefined
    if (run === undefined) return
    await run.end(how)
    if (how === 'clean') markClean(this.dir)
  }

  async restart({ data }: { readonly data: 'keep' | 'wipe' } = { data: 'keep' }): Promise<void> {
    await this.stop('clean')
    if (data === 'wipe') rmSync(this.dir, { recursive: true, force: true })
    mkdirSync(this.dir, { recursive: true })
    const { tls } = this.#options
    const onCrash = (): void => void this.stop('kill').then(() => this.#options.onCrash?.())
    const options = { dir: this.dir, host: this.host, port: this.#port, quirks: this.#quirks, onCrash }
    this.#run = await Run.start(tls === undefined ? options : { ...options, tls }, nextStart(this.dir))
    this.#port = this.#run.port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('kill')
    if (this.#options.dir === undefined) rmSync(this.dir, { recursive: true, force: true })
  }
}

/** Unix seconds, never twice the same in a folder: the real server takes longer than a second to start (C13). */
function nextStart(dir: string): number {
  const file = join(dir, 'started')
  let last = 0
  try {
    last = Number(readFileSync(file, 'utf8'))
  } catch {
    // The first start in this folder.
  }
  const now = Math.max(Math.floor(Date.now() / 1_000), last + 1)
  writeFileSync(file, String(now))
  return now
}
