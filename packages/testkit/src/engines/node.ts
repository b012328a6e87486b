import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as elapse } from 'node:timers/promises'
import { MessagingError } from '@spanwire/driver'
import type { EngineNode, NodeState } from './engine.js'
import { NodeProcess } from './node-process.js'
import type { Company, NodePlan } from './plan.js'

/** How long a node may take to be ready. Kafka that was killed and is started again on a loaded machine was seen to take more than 30 s. */
const READY_MS = 60_000

/** How long a node is waited for. */
export interface Patience {
  /** To be ready. */
  readonly readyMs: number
  /**
   * Then a restart is tried once more: a broker of Kafka that was killed and came back was seen to take no commit for a minute, with
   * "out of sync with the underlying log" in its own.
   */
  readonly againMs: number
}

const PATIENCE: Patience = { readyMs: READY_MS, againMs: 30_000 }

/** One node through all its processes. */
export class PlannedNode implements EngineNode {
  readonly name: string
  readonly endpoint: string
  readonly monitor?: string
  readonly admin?: string
  readonly dir: string
  readonly #plan: NodePlan
  readonly #company: () => Company
  readonly #patience: Patience
  #process: NodeProcess | undefined
  #launching: Promise<void> = Promise.resolve()
  #restarting: Promise<void> = Promise.resolve()
  #retired = false

  /** `company` says who of the site is up, this node among them. */
  constructor(plan: NodePlan, company: () => Company, patience: Patience = PATIENCE) {
    this.name = plan.name
    this.endpoint = plan.endpoint
    if (plan.monitor !== undefined) this.monitor = plan.monitor
    if (plan.admin !== undefined) this.admin = plan.admin
    this.dir = plan.dir
    this.#plan = plan
    this.#company = company
    this.#patience = patience
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  get state(): NodeState {
    return this.#process?.state ?? 'down'
  }

  /** The first half of a start: the process runs. */
  async launch(): Promise<void> {
    this.#launching = this.#launch()
    await this.#launching
  }

  /** The second half: it answers. Rejects with its last words when it ends instead. */
  async becomeReady(withinMs: number = this.#patience.readyMs): Promise<void> {
    const process = this.#process
    if (process === undefined) throw this.#isDown()
    const giveUp = new AbortController()
    const ended = process.gone.then(() => {
      throw new NodeEnded(this.name, process.lastWords())
    })
    const late = elapse(withinMs, undefined, { signal: giveUp.signal }).then(() => {
      throw new MessagingError(
        'timeout',
        `${this.name} at ${this.endpoint} is not ready after ${withinMs} ms: ${process.lastWords()}`,
      )
    })
    try {
      await Promise.race([this.#plan.ready(this.#company(), giveUp.signal), ended, late])
    } finally {
      giveUp.abort()
    }
  }

  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  async terminate(): Promise<void> {
    await this.#process?.terminate()
  }

  /** One restart after the other. */
  async restart(how: { readonly data: 'keep' | 'wipe' } = { data: 'keep' }): Promise<void> {
    const before = this.#restarting
    this.#restarting = (async () => {
      await before.catch(() => {})
      await this.#restart(how)
    })()
    await this.#restarting
  }

  /** Ends it for good, also if it is being started at this moment. */
  async retire(): Promise<void> {
    this.#retired = true
    await this.kill()
    await this.#launching.catch(() => {})
    await this.kill()
  }

  hang(): void {
    this.#running().hang()
  }

  heal(): void {
    this.#process?.heal()
  }

  async reload(config?: string): Promise<void> {
    const process = this.#running()
    if (this.#plan.reload === undefined) throw this.#cannot('read its configuration again')
    const late = AbortSignal.timeout(READY_MS)
    try {
      await this.#plan.reload(config, () => process.signal('SIGHUP'), late)
    } catch (error) {
      if (!late.aborted) throw error
      throw new MessagingError('timeout', `${this.name} did not read its configuration within ${READY_MS} ms`)
    }
  }

  lameDuck(): void {
    const process = this.#running()
    if (this.#plan.lameDuckSignal === undefined) throw this.#cannot('let its clients go')
    process.signal(this.#plan.lameDuckSignal)
  }

  async #launch(): Promise<void> {
    await mkdir(this.dir, { recursive: true })
    await this.#plan.prepare()
    if (this.#retired) throw new MessagingError('closed', `${this.name} is not started: its engines were stopped`)
    this.#process = await NodeProcess.start(this.#plan.argv, this.dir)
  }

  async #restart({ data }: { readonly data: 'keep' | 'wipe' }): Promise<void> {
    // Somebody else may have stopped it, which nobody told us.
    await (this.state === 'hung' ? this.kill() : this.terminate().catch(() => this.kill()))
    if (data === 'wipe')
      for (const part of this.#plan.data) await rm(join(this.dir, part), { recursive: true, force: true })
    await this.launch()
    await this.becomeReady(this.#patience.againMs).catch(async (error: unknown) => {
      if (this.#retired || this.state === 'down') throw error
      await this.kill()
      await this.launch()
      await this.becomeReady()
    })
  }

  #running(): NodeProcess {
    if (this.#process !== undefined && this.#process.state !== 'down') return this.#process
    throw this.#isDown()
  }

  #isDown(): MessagingError {
    return new MessagingError('conflict', `${this.name} at ${this.endpoint} is down: restart it first`)
  }

  #cannot(what: string): MessagingError {
    return new MessagingError('capability', `${this.name} cannot ${what}: only nats can`)
  }
}

/** A node's process ended before it was ready. */
export class NodeEnded extends MessagingError {
  /** Somebody else listens where it was to. */
  readonly portTaken: boolean

  constructor(name: string, lastWords: string) {
    super('unavailable', `${name} ended before it was ready: ${lastWords || 'it said nothing'}`)
    this.portTaken = /address already in use|EADDRINUSE|port \d+ of \S+ is in use/i.test(lastWords)
  }
}
