import {
  type Batch,
  type Cancel,
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type ConnectOptions,
  type DrainNotice,
  type Driver,
  type Endpoint,
  type Flow,
  type Link,
  type LinkEnd,
  MessagingError,
  type Outgoing,
  type Reception,
  type SendOutcome,
  type Source,
} from '@spanwire/driver'
import { type Deferred, deferred } from '../src/runtime/deferred.js'
import type { Runtime } from '../src/runtime/runtime.js'

/** What an endpoint does to whoever dials it. */
export type Manners =
  /** `deaf`: comes through although the dial was given up. */
  | { readonly does: 'accept'; readonly afterMs: number; readonly deaf?: true }
  | { readonly does: 'hang' }
  | { readonly does: 'fail'; readonly error: MessagingError; readonly afterMs: number }

export interface Dial {
  readonly endpoints: readonly Endpoint[]
  readonly options: ConnectOptions
  readonly atMs: number
  readonly signal: AbortSignal
}

const forgotten = new MessagingError('outcome-unknown', 'Forgotten before it was answered.')

const can: Capabilities = {
  maxBytes: 1_000_000,
  confirms: 'stored',
  starts: ['now', 'beginning', 'position'],
  groups: true,
  waits: true,
  keyed: true,
  retries: true,
  extends: true,
  counts: true,
  maxDelayMs: 0,
  ttl: false,
}

/** An engine that does what a test says, over links that keep the seam's promises: all on a link settles before it ends. */
export class Scripted {
  readonly dials: Dial[] = []
  readonly links: ScriptedLink[] = []
  readonly driver: Driver
  readonly #runtime: Runtime
  readonly #manners = new Map<Endpoint, Manners>()
  /** What opening or receiving does from now on; `undefined`: it works. */
  openFails: MessagingError | undefined
  receiveFails: MessagingError | undefined
  probeFails: MessagingError | undefined
  /** How long attaching takes, whatever its signal says. */
  receiveMs = 0
  /** How often links say something by themselves. */
  beatMs: number | undefined
  /** How long a link takes to end when it is closed. */
  closeMs = 0

  constructor(runtime: Runtime, dials: Driver['dials'] = 'one') {
    this.#runtime = runtime
    const connect: Driver['connect'] = (endpoints, options, signal) => this.#connect(endpoints, options, signal)
    this.driver = { spec: 1, name: 'scripted', dials, connect }
  }

  behave(endpoint: Endpoint, manners: Manners): void {
    this.#manners.set(endpoint, manners)
  }

  get open(): readonly ScriptedLink[] {
    return this.links.filter((link) => link.isOpen)
  }

  get link(): ScriptedLink {
    const link = this.links.at(-1)
    if (!link) throw new Error('nobody has connected')
    return link
  }

  #connect(endpoints: readonly Endpoint[], options: ConnectOptions, signal: AbortSignal): Promise<Link> {
    this.dials.push({ endpoints, options, atMs: this.#runtime.now(), signal })
    const manners = this.#manners.get(endpoints.join(',')) ?? { does: 'accept', afterMs: 1 }
    return new Promise((resolve, reject) => {
      const deaf = 'deaf' in manners
      const canceled = () => deaf || reject(new MessagingError('canceled', 'The dial was given up.', { scope: 'link' }))
      if (signal.aborted) return canceled()
      signal.addEventListener('abort', canceled)
      if (manners.does === 'hang') return
      this.#runtime.after(manners.afterMs, () => {
        if (signal.aborted && !('deaf' in manners)) return
        if (manners.does === 'fail') return reject(manners.error)
        const link = new ScriptedLink(this, this.#runtime, endpoints.join(','))
        this.links.push(link)
        resolve(link)
      })
    })
  }
}

export class ScriptedLink implements Link {
  readonly engine: Link['engine']
  readonly endpoint: Endpoint
  readonly channels: ScriptedChannel[] = []
  readonly opens: ChannelSpec[] = []
  readonly closes: AbortSignal[] = []
  readonly #engine: Scripted
  readonly #runtime: Runtime
  readonly #draining = deferred<DrainNotice>()
  readonly #ended = deferred<LinkEnd>()
  isOpen = true
  /** Says nothing any more. */
  isMute = false
  /** Counts what it said by itself; absent: it says nothing by itself. */
  heard?: number

  constructor(engine: Scripted, runtime: Runtime, endpoint: Endpoint) {
    this.#engine = engine
    this.engine = { name: 'scripted', version: '1', ...(engine.beatMs !== undefined && { beatMs: engine.beatMs }) }
    this.#runtime = runtime
    this.endpoint = endpoint
  }

  get draining(): Promise<DrainNotice> {
    return this.#draining.promise
  }

  get ended(): Promise<LinkEnd> {
    return this.#ended.promise
  }

  async open(spec: ChannelSpec): Promise<Channel> {
    this.opens.push(spec)
    await this.pass(1)
    if (!this.isOpen) throw lost
    if (this.#engine.openFails) throw this.#engine.openFails
    const channel = new ScriptedChannel(this.#engine, this, spec)
    this.channels.push(channel)
    return channel
  }

  async probe(): Promise<void> {
    await (this.isMute ? new Promise<never>(() => {}) : this.pass(2))
    if (!this.isOpen) throw lost
  }

  async close(signal: AbortSignal): Promise<void> {
    this.closes.push(signal)
    if (this.#engine.closeMs > 0) await this.pass(this.#engine.closeMs)
    if (this.isOpen) this.#finish({ by: 'us' })
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#runtime.after(ms, resolve))
  }

  drain(notice: DrainNotice): void {
    this.#draining.resolve(notice)
  }

  kill(): void {
    this.#finish({ by: 'engine', error: lost })
  }

  #finish(end: LinkEnd): void {
    this.isOpen = false
    for (const channel of this.channels) channel.finish()
    this.#ended.resolve(end)
  }
}

export const lost = new MessagingError('unavailable', 'The peer reset the connection.', { scope: 'link' })

export class ScriptedChannel implements Channel {
  readonly can: Capabilities = can
  readonly spec: ChannelSpec
  /** Each call of `send`. Reports are the test's. */
  readonly batches: { readonly messages: readonly Outgoing[]; readonly report: Parameters<Channel['send']>[1] }[] = []
  readonly cancelled: (number | undefined)[] = []
  readonly receptions: ScriptedReception[] = []
  readonly #engine: Scripted
  readonly #link: ScriptedLink

  constructor(engine: Scripted, link: ScriptedLink, spec: ChannelSpec) {
    this.#engine = engine
    this.#link = link
    this.spec = spec
  }

  send(messages: readonly Outgoing[], report: (index: number, outcome: SendOutcome) => void): Cancel {
    this.batches.push({ messages, report })
    return (index) => {
      this.cancelled.push(index)
      for (const at of index === undefined ? messages.keys() : [index])
        report(at, { outcome: 'unknown', error: forgotten })
    }
  }

  async receive(source: Source, flow: Flow, signal: AbortSignal): Promise<Reception> {
    if (!this.#link.isOpen) throw lost
    if (signal.aborted) throw new MessagingError('canceled', 'The attach was given up.')
    if (this.#engine.receiveFails) throw this.#engine.receiveFails
    if (this.#engine.receiveMs > 0) await this.#link.pass(this.#engine.receiveMs)
    const reception = new ScriptedReception(source, flow)
    this.receptions.push(reception)
    return reception
  }

  async probe(): Promise<void> {
    if (this.#engine.probeFails) throw this.#engine.probeFails
  }

  finish(): void {
    for (const { messages, report } of this.batches)
      for (const index of messages.keys()) report(index, { outcome: 'unknown', error: lost })
    for (const reception of this.receptions) reception.finish()
  }
}

export class ScriptedReception implements Reception {
  readonly source: Source
  readonly flows: Flow[]
  readonly stops: AbortSignal[] = []
  readonly #batches: Batch[] = []
  #pull: Deferred<Batch | undefined> | undefined
  #over = false

  constructor(source: Source, flow: Flow) {
    this.source = source
    this.flows = [flow]
  }

  get isPulled(): boolean {
    return this.#pull !== undefined
  }

  next(): Promise<Batch | undefined> {
    const batch = this.#batches.shift()
    if (batch || this.#over) return Promise.resolve(batch)
    this.#pull = deferred()
    return this.#pull.promise
  }

  push(batch: Batch): void {
    if (this.#pull) this.#answer((pull) => pull.resolve(batch))
    else this.#batches.push(batch)
  }

  fail(error: MessagingError): void {
    this.#over = true
    this.#answer((pull) => pull.reject(error))
  }

  finish(): void {
    this.#over = true
    this.#answer((pull) => pull.resolve(undefined))
  }

  adjust(flow: Flow): void {
    this.flows.push(flow)
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.stops.push(signal)
    this.finish()
  }

  #answer(how: (pull: Deferred<Batch | undefined>) => void): void {
    const pull = this.#pull
    this.#pull = undefined
    if (pull) how(pull)
  }
}
