import {
  type Channel,
  type ChannelSpec,
  type Code,
  type ConnectOptions,
  type Delivery,
  type Flow,
  type Link,
  MessagingError,
  type Outgoing,
  type Reception,
  type Source,
} from '@spanwire/driver'
import type { Facilities, Facility, Resources, Rig } from './harness.js'
import { Inapplicable } from './property.js'
import { Reader } from './reader.js'
import { type Sending, startSending, tally } from './sending.js'
import { describeSpec, type Kind, type SpecOptions, specOf } from './spec.js'
import { eventually, within } from './wait.js'

/** SPI C1 says 50 ms; on a busy machine ten times that still tells a driver that waits for a timeout of its own. */
export const PROMPT_MS = 500

export interface Listening {
  readonly source?: Source
  readonly flow?: Flow
  /** Called for each delivery; absent: settled ones are acked, others kept. */
  readonly each?: (delivery: Delivery) => Promise<void> | undefined
}

const WIDE: Flow = { messages: 20_000, bytes: 64 << 20 }
/** Sixteen characters, as the seam asks. */
const NONCE = 'conformanceNonce'
let trials = 0

/** One run of one property: channel names of its own, links that it closes, an engine that it leaves as it was. */
export class Trial {
  readonly rig: Rig
  readonly patienceMs: number
  readonly #prefix: string
  readonly #shared: Link | undefined
  readonly #links: Link[] = []
  readonly #receptions: Reception[] = []
  readonly #origin = new WeakMap<Channel, { readonly spec: ChannelSpec; readonly link: Link }>()
  readonly #over = new WeakSet<Link>()
  readonly #sendings: Sending[] = []
  readonly #cures: (() => Promise<void>)[] = []
  readonly #number: number = trials++
  #names = 0
  #main: Promise<Link> | undefined
  #other: Promise<Link> | undefined
  #engine: 'up' | 'hung' | 'down' = 'up'

  /** `shared`: main and other link are both this one, and it is not closed here. */
  constructor(rig: Rig, label: string, shared?: Link) {
    this.rig = rig
    this.patienceMs = rig.patienceMs ?? 10_000
    this.#prefix = `${label.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${Date.now().toString(36)}-${this.#number}`
    this.#shared = shared
  }

  /** A facility that the property named in `needs`. Its functions are called without `this`. */
  facility<F extends Facility>(name: F): Facilities[F] {
    const found: Partial<Facilities>[F] = this.rig[name]
    if (found === undefined) throw new Error(`the harness has no \`${name}\``)
    return found
  }

  /** Does it have link and machine for itself? */
  get company(): 'alone' | 'others' {
    return this.#shared === undefined ? 'alone' : 'others'
  }

  /** The link that most properties work on. */
  main(): Promise<Link> {
    this.#main ??= this.#shared === undefined ? this.link() : Promise.resolve(this.#shared)
    return this.#main
  }

  /** A second connection. */
  other(): Promise<Link> {
    this.#other ??= this.#shared === undefined ? this.link() : Promise.resolve(this.#shared)
    return this.#other
  }

  /** A new link, closed after the trial. */
  async link(options: Partial<ConnectOptions> = {}, endpoints?: readonly string[]): Promise<Link> {
    const link = await within('connect', this.dial(this.signal(), options, endpoints), this.patienceMs)
    this.#links.push(link)
    void link.ended.then(() => this.#over.add(link))
    return link
  }

  /** The bare connect, for properties about connecting. */
  dial(signal: AbortSignal, options: Partial<ConnectOptions> = {}, endpoints?: readonly string[]): Promise<Link> {
    const { credentials = { by: 'none' }, tls } = this.rig
    const basic: ConnectOptions = {
      client: `conformance-${this.#number}-${this.#names++}`,
      nonce: NONCE,
      missing: 'create',
      credentials: () => Promise.resolve(credentials),
      ...(tls && { tls }),
    }
    return this.rig.driver.connect(endpoints ?? this.rig.endpoints, { ...basic, ...options }, signal)
  }

  /** Ends a link in an orderly way. */
  close(link: Link): Promise<void> {
    return within('close', link.close(this.signal()), this.patienceMs)
  }

  /** A channel of the kind under a name that nobody used. */
  spec(kind: Kind, options: SpecOptions = {}): ChannelSpec {
    return specOf(kind, `${this.#prefix}.${this.#names++}`, options)
  }

  /** Opens on the main link, or on the one given. An engine that has no such channels ends the trial as inapplicable. */
  async open(spec: ChannelSpec, on?: Link): Promise<Channel> {
    const link = on ?? (await this.main())
    try {
      const channel = await within(`open ${spec.name}`, link.open(spec, this.signal()), this.patienceMs)
      this.#origin.set(channel, { spec, link })
      return channel
    } catch (error) {
      if (!MessagingError.is(error) || error.code !== 'capability') throw error
      throw new Inapplicable(`the engine has no such channel (${describeSpec(spec)}): ${error.message}`)
    }
  }

  /** The channel on the main link and on a second one. */
  async pair(spec: ChannelSpec): Promise<{ readonly here: Channel; readonly there: Channel }> {
    const here = await this.open(spec)
    return { here, there: await this.open(spec, await this.other()) }
  }

  /** A spec of the first of these kinds that the engine has. */
  async any(kinds: readonly Kind[] = ['durable', 'live', 'queue'], options: SpecOptions = {}): Promise<ChannelSpec> {
    for (const kind of kinds) {
      const spec = this.spec(kind, options)
      const found = await this.open(spec).catch((error: unknown) => {
        if (error instanceof Inapplicable) return undefined
        throw error
      })
      if (found !== undefined) return spec
    }
    throw new Inapplicable(`the engine has none of these channels: ${kinds.join(', ')}`)
  }

  /** A message id in the client's form, from a publisher that the main link accepts. */
  async id(): Promise<string> {
    const publisher = (await this.main()).engine.publisher ?? NONCE
    return `${publisher}-${this.#number + 1}.${++this.#names}.${Date.now()}`
  }

  /** A channel whose messages can all be read again later by {@link Trial.stored}. */
  async storing(): Promise<ChannelSpec> {
    const spec = await this.any(['durable', 'queue'])
    const { can } = await this.open(spec)
    return spec.kind === 'queue' || can.starts.includes('beginning') ? spec : this.any(['queue'])
  }

  /** Begins to send, and keeps book of the reports until the end of the trial. */
  send(channel: Channel, batch: readonly Outgoing[]): Sending {
    const link = this.#origin.get(channel)?.link
    const sending = startSending(channel, batch, () => link !== undefined && this.#over.has(link))
    this.#sendings.push(sending)
    return sending
  }

  /** Sends and waits until every message is done; anything else fails the trial. */
  async put(channel: Channel, batch: readonly Outgoing[]): Promise<Sending> {
    const sending = this.send(channel, batch)
    await this.reports(sending)
    const odd = sending.outcomes.find((one) => one?.outcome !== 'done')
    if (odd === undefined) return sending
    const why = 'error' in odd ? `: ${odd.error.code}: ${odd.error.message}` : ''
    throw new Error(`all ${batch.length} should be done, but ${tally(sending.outcomes)}${why}`)
  }

  /** Waits until each message of the batch was reported. */
  async reports(sending: Sending, ms: number = this.patienceMs): Promise<void> {
    await within(`${sending.outcomes.length} reports`, sending.all, ms).catch((error: unknown) => {
      throw new Error(`${String(error)}; so far ${tally(sending.outcomes)}`)
    })
  }

  /** The bare reception, attached. */
  async receive(channel: Channel, source: Source = {}, flow: Flow = WIDE): Promise<Reception> {
    const reception = await within('receive', channel.receive(source, flow, this.signal()), this.patienceMs)
    this.#receptions.push(reception)
    return reception
  }

  /** Attaches and pulls without pause. */
  async listen(channel: Channel, { source = {}, flow = WIDE, each }: Listening = {}): Promise<Reader> {
    const spec = this.#origin.get(channel)?.spec
    const settled = spec?.kind === 'queue' || source.group !== undefined
    const reception = await this.receive(channel, source, flow)
    return new Reader(reception, this.patienceMs, each ?? (settled ? (one) => one.settle('ack') : () => undefined))
  }

  /** Sends one last message on each path and waits for it: what came on these paths before is then complete. */
  async flush(sender: Channel, reader: Reader, paths: readonly string[] = ['a']): Promise<readonly string[]> {
    const ends = paths.map((path) => ({ path, body: `end-${this.#names++}` }))
    await this.put(sender, ends)
    for (const end of ends) await reader.untilText(end.body)
    const marks = new Set(ends.map((end) => end.body))
    return reader.texts.filter((text) => !marks.has(text))
  }

  /** Everything stored in the channel of {@link Trial.storing}, read over a link of its own until a last message. */
  async stored(spec: ChannelSpec): Promise<readonly string[]> {
    const channel = await this.open(spec, await this.link())
    const topic = spec.kind === 'topic'
    if (topic && !channel.can.starts.includes('beginning')) throw new Inapplicable('can.starts lacks beginning')
    const reader = await this.listen(channel, topic ? { source: { start: { at: 'beginning' } } } : {})
    const found = await this.flush(channel, reader)
    await reader.settled()
    await within('stop', reader.reception.stop(this.signal()), this.patienceMs)
    return found
  }

  /** Waits for a rejection, which has to be a MessagingError with one of the codes and a sentence. */
  async refusal(what: string, promise: Promise<unknown>, codes: readonly Code[], ms?: number): Promise<MessagingError> {
    const error = await within(what, promise, ms ?? this.patienceMs).then(
      () => new Error(`${what} should reject with ${codes.join(' or ')}, but it resolved`),
      (reason: unknown) => reason,
    )
    if (!MessagingError.is(error)) throw error
    if (!codes.includes(error.code)) {
      throw new Error(`${what} should reject with ${codes.join(' or ')}, not ${error.code}: ${error.message}`)
    }
    return error
  }

  async hang(): Promise<void> {
    await this.facility('hang')()
    this.#engine = 'hung'
  }

  async heal(): Promise<void> {
    await this.facility('heal')()
    this.#engine = 'up'
  }

  async kill(): Promise<void> {
    this.#engine = 'down'
    await this.facility('kill')()
  }

  async terminate(): Promise<void> {
    this.#engine = 'down'
    await this.facility('terminate')()
  }

  async restart(data: 'keep' | 'wipe' = 'keep'): Promise<void> {
    await this.facility('restart')({ data })
    this.#engine = 'up'
  }

  /** To be run after the trial, however it goes. */
  after(cure: () => Promise<void>): void {
    this.#cures.push(cure)
  }

  /** The counters are back at what they were, or below. */
  async resourcesReturnTo(before: Resources): Promise<void> {
    let now: Resources = {}
    const back = async () => {
      now = await this.facility('resources')()
      return Object.entries(now).every(([name, count]) => count <= (before[name] ?? 0))
    }
    await eventually('nothing left over', back, this.patienceMs).catch((error: unknown) => {
      throw new Error(`${String(error)}: before ${JSON.stringify(before)}, now ${JSON.stringify(now)}`)
    })
  }

  /** A signal that bounds one call. */
  signal(ms: number = this.patienceMs): AbortSignal {
    return AbortSignal.timeout(ms)
  }

  /** Heals the engine and closes the links; then tells what drivers must never do, seen in any property. */
  async finish(): Promise<void> {
    for (const cure of this.#cures) await cure()
    if (this.#engine === 'hung') await this.heal()
    if (this.#engine === 'down') await this.restart()
    if (this.#shared !== undefined) await this.#leave()
    await Promise.all(this.#links.map((link) => this.close(link)))
    const faults = this.#sendings.flatMap((sending) => sending.faults)
    if (faults.length > 0) throw new Error(`reports: ${faults.slice(0, 10).join('; ')}`)
  }
  /** Of a link that goes on. What nobody reads any more would still be fetched, and engines have room for so many waits only. */
  async #leave(): Promise<void> {
    const stopped = this.#receptions.map((one) => one.stop(AbortSignal.abort()))
    await within('stop', Promise.all(stopped), this.patienceMs)
  }
}
