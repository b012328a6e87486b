import type { ServiceError } from '@grpc/grpc-js'
import type { Reception, Start } from '@spanwire/driver'
import { assertSource, channelError, type Feed, passing } from '@spanwire/driver/kit'
import { settled } from './attach.js'
import { KubemqDelivery } from './delivery.js'
import { endFault, incapable, isTooLarge } from './errors.js'
import { Newest } from './newest.js'
import type { Opened, Wanted } from './opened.js'
import { type EventReceive, EventsStoreType, SubscribeType } from './proto/kubemq.js'
import { type KubemqReception, receptionOf } from './reception.js'
import type { Log } from './sent.js'
import { pathIn } from './tags.js'

/** The server drops events of who does not read for two seconds; half of that, and we leave and come again. */
const PARK_MS = 1_000
/** Starts by time are exclusive, and not exact: what comes too early is left out here. */
const OVERLAP_MS = 50

/** A log that has events proves by its last one that a subscription is in place. It may have lost all of them to its retention. */
const PROOF_MS = 5_000
/** A log of which nobody here knows an event is empty when it has not shown its last one by then. */
const EMPTY_MS = 250

/** Where a reader begins, in the server's words. */
type From = readonly [type: EventsStoreType, value: bigint]

/**
 * Reads a stored channel in its order, from a place of its own. Each subscription has a fresh client id and begins behind the last
 * event that came: what the server remembers of an older one counts events that it only meant to send.
 */
export async function readLog(opened: Opened, log: Log, [source, flow, signal]: Wanted): Promise<Reception> {
  const { wire, spec, can } = opened
  const { start = { at: 'now' }, group } = source
  if (group !== undefined) throw incapable(spec.name, 'keep the place of a group')
  if (!can.starts.includes(start.at)) throw incapable(spec.name, `start at ${start.at}`)
  assertSource(spec, source)
  const from = fromOf(start, opened)
  const last = start.at === 'latest' ? await lastOf(opened, log, signal) : undefined
  const reception = receptionOf(wire, { flow, epoch: wire.epoch })
  const newest = last === undefined ? undefined : new Newest(last, flow)
  const reading = { log, start, newest, ...(source.paths && { passes: passing(source.paths) }) }
  const reader = new LogReader(opened, reading, reception)
  await attached(opened, reader, { from, withinMs: start.at === 'now' && log.hasEvents ? PROOF_MS : undefined }, signal)
  if (start.at === 'latest' && newest === undefined) reception.shelf.tell({ caughtUp: true })
  reader.isAttached = true
  return reception.begin(reader)
}

/** The sequence of the last event that is stored now; `undefined`: there seems to be none. */
async function lastOf(opened: Opened, log: Log, signal: AbortSignal): Promise<bigint | undefined> {
  const reception = receptionOf(opened.wire, { flow: { messages: 1, bytes: 1 } })
  const reader = new LogReader(opened, { log, start: { at: 'now' } }, reception)
  const from = [EventsStoreType.START_FROM_LAST, 0n] as const
  await attached(opened, reader, { from, withinMs: log.hasEvents ? PROOF_MS : EMPTY_MS }, signal)
  void reader.leave()
  return reader.last
}

interface Place {
  readonly from: From
  /** How long to wait for the proof that it is in place; absent: not for a proof. */
  readonly withinMs: number | undefined
}

/** Resolves when the reader is subscribed; else it has left. */
async function attached({ wire, spec }: Opened, reader: LogReader, place: Place, signal: AbortSignal): Promise<void> {
  const { from, withinMs } = place
  try {
    if (!signal.aborted && !wire.over) reader.subscribe(from)
    const proof = { by: reader.attached, ...(withinMs !== undefined && { withinMs }) }
    await settled(wire, signal, `Subscribing to ${spec.name}`, proof)
  } catch (error) {
    void reader.leave()
    throw error
  }
}

function fromOf(start: Start, { wire, spec }: Opened): From {
  switch (start.at) {
    case 'beginning':
    case 'latest':
      return [EventsStoreType.START_FROM_FIRST, 0n]
    case 'time':
      return [EventsStoreType.START_AT_TIME, nanoseconds(Math.max(1, Math.floor(start.timeMs) - OVERLAP_MS))]
    case 'position': {
      const bar = start.position.lastIndexOf('|')
      const sequence = start.position.slice(bar + 1)
      if (start.position.slice(0, bar) === wire.epoch && /^\d+$/.test(sequence)) return at(BigInt(sequence) + 1n)
      const why = `The position ${start.position} of ${spec.name} is not of this run of the server, ${wire.epoch}.`
      throw channelError('conflict', why, { retryable: false })
    }
    default:
      // The last event proves that the subscription is in place; who is there before the first one has to wait a little.
      return [EventsStoreType.START_FROM_LAST, 0n]
  }
}

function at(sequence: bigint): From {
  return [EventsStoreType.START_AT_SEQUENCE, sequence]
}

function nanoseconds(ms: number): bigint {
  return BigInt(ms) * 1_000_000n
}

interface Reading {
  readonly log: Log
  readonly start: Start
  readonly passes?: (path: string) => boolean
  /** Of what is stored only the newest of each path is wanted. */
  readonly newest?: Newest | undefined
}

/** One reader of a stored channel, over one subscription after another. */
class LogReader implements Feed {
  /** Resolves when the server has shown that it serves the subscription; rejects when it refuses it. */
  readonly attached: Promise<void>
  isAttached = false
  readonly #opened: Opened
  readonly #reading: Reading
  readonly #reception: KubemqReception
  /** So much had this link sent before: the server answers before it stores, and it may be stored behind where we begin. */
  readonly #sentBefore: number
  #stream: { pause(): void; resume(): void; cancel(): void } | undefined
  /** The sequence that comes next, once one is known. */
  #next: bigint | undefined
  /** What the last subscription asked for: what is missing there is not there. */
  #asked: bigint | undefined
  #isPaused = false
  #timer: NodeJS.Timeout | undefined
  #attach: () => void = () => undefined
  #refuse: (error: Error) => void = () => undefined

  constructor(opened: Opened, reading: Reading, reception: KubemqReception) {
    this.#opened = opened
    this.#reading = reading
    this.#reception = reception
    this.#sentBefore = reading.log.count
    this.attached = new Promise((resolve, reject) => {
      this.#attach = resolve
      this.#refuse = reject
    })
    this.attached.catch(() => undefined)
  }

  /** The sequence that came last. */
  get last(): bigint | undefined {
    return this.#next === undefined ? undefined : this.#next - 1n
  }

  subscribe([eventsStoreTypeData, eventsStoreTypeValue]: From): void {
    const { wire, spec } = this.#opened
    this.#stream?.cancel()
    if (eventsStoreTypeData === EventsStoreType.START_AT_SEQUENCE) {
      this.#asked = eventsStoreTypeValue
      this.#next = eventsStoreTypeValue
    }
    const request = {
      subscribeTypeData: SubscribeType.EVENTS_STORE,
      clientId: wire.freshId(),
      channel: spec.name,
      group: '',
      eventsStoreTypeData,
      eventsStoreTypeValue,
    }
    const stream = wire.client.subscribeToEvents(request, wire.metadata)
    const heard = wire.listen(stream, { data: (event) => this.#hear(event), over: (error) => this.#over(error) })
    this.#stream = { pause: () => stream.pause(), resume: () => stream.resume(), cancel: heard.cancel }
    this.#isPaused = false
  }

  refill(): void {
    const { messages, bytes } = this.#reception.room
    if (messages <= 0 || bytes <= 0) this.#pause()
    else if (this.#isPaused) this.#goOn()
  }

  leave(): Promise<void> {
    clearTimeout(this.#timer)
    this.#stream?.cancel()
    this.#stream = undefined
    return Promise.resolve()
  }

  #hear(event: EventReceive): void {
    const { sequence } = event
    const expected = this.#next
    if (expected !== undefined && sequence < expected) return
    if (expected !== undefined && sequence > expected && !this.#isMissing(expected, sequence)) return
    this.#next = sequence + 1n
    this.#reading.log.hasEvents = true
    this.#attach()
    if (this.#isWanted(event, expected === undefined)) {
      const { eventId: id, body, metadata, tags, timestamp: timeNs } = event
      const received = { path: this.#pathIn(tags), id, body, metadata, tags, timeNs, sequence, attempt: 1 }
      this.#take(new KubemqDelivery(this.#reception.origin, received), sequence)
    } else this.#pass(sequence)
    this.refill()
  }

  #take(delivery: KubemqDelivery, sequence: bigint): void {
    const { newest } = this.#reading
    const isStored = newest?.wants(sequence) === true
    if (isStored) newest.put(delivery)
    this.#pass(sequence)
    if (!isStored) this.#reception.take(delivery)
  }

  /** What is stored has been read as far as that. */
  #pass(sequence: bigint): void {
    const { newest } = this.#reading
    if (newest === undefined) return
    for (const one of newest.ripe(sequence)) this.#reception.take(one)
    if (newest.isOver) this.#reception.shelf.tell({ caughtUp: true })
  }

  /** Whether the events between are not there any more; else they are read again. */
  #isMissing(expected: bigint, sequence: bigint): boolean {
    if (this.#asked !== expected) {
      this.subscribe(at(expected))
      return false
    }
    const count = this.#reading.passes ? undefined : Number(sequence - expected)
    this.#reception.shelf.tell({ lost: { reason: 'expired', ...(count !== undefined && { count }) } })
    return true
  }

  #isWanted({ eventId, tags, timestamp }: EventReceive, isFirst: boolean): boolean {
    const { log, start, passes } = this.#reading
    // The last one that was stored before.
    if (start.at === 'now' && isFirst && !this.isAttached) return false
    if (start.at === 'now' && log.isOfFirst(this.#sentBefore, eventId)) return false
    if (start.at === 'time' && timestamp < nanoseconds(Math.ceil(start.timeMs))) return false
    return passes?.(this.#pathIn(tags)) !== false
  }

  #pathIn(tags: EventReceive['tags']): string {
    return pathIn(tags, this.#opened.spec.params)
  }

  #goOn(): void {
    clearTimeout(this.#timer)
    this.#isPaused = false
    if (this.#stream) this.#stream.resume()
    else if (this.#next !== undefined) this.subscribe(at(this.#next))
  }

  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#stream?.pause()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.leave(), PARK_MS)
  }

  #over(error: ServiceError | undefined): void {
    if (error && isTooLarge(error)) {
      // It is the next one, of which nothing can be had. The subscription goes on behind it.
      this.#reception.shelf.tell({ lost: { reason: 'engine', count: 1 } })
      this.subscribe(this.#next === undefined ? [EventsStoreType.START_NEW_ONLY, 0n] : at(this.#next + 1n))
      return
    }
    const fault = endFault(`Reading ${this.#opened.spec.name}`, error)
    this.#refuse(fault)
    this.#reception.fail(fault)
  }
}
