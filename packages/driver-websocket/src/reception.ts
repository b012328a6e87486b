import type { Batch, Body, ChannelSpec, Flow, MessagingError, Reception, Source } from '@spanwire/driver'
import type { Conversation } from './conversation.js'
import { GatewayDelivery, type Tuple } from './delivery.js'
import type { Slot } from './frame.js'

interface Attached {
  readonly beatMs?: number
}

/** The rest of a `msgs` op. */
export type More = { readonly lost?: NonNullable<Batch['lost']>; readonly caughtUp?: true }

const BEAT: Batch = { deliveries: [] }
/** Never written to: thousands of receptions settle nothing. */
const NONE = new Map<never, never>()

/** One reception. The gateway keeps to the window it was given; what is here unpulled is within it. */
export class GatewayReception implements Reception {
  beatMs?: number
  /** Settled deliveries come one batch per `next`, so that nothing lies here that somebody else could work on. */
  readonly settled: boolean
  readonly leaseMs: number
  readonly talk: Conversation
  number = 0
  /** Deliveries that are pulled and not settled. */
  readonly open: Map<number, GatewayDelivery>
  #state: 'live' | 'ended' | { readonly failed: MessagingError } = 'live'
  #queue: Batch[] = []
  #waiting: ((batch: Batch | undefined | Promise<never>) => void) | undefined
  #arrived = 0
  #pulled = 0
  #askAt = 0
  #granted = false
  #stopped: Promise<void> | undefined

  static async attach(
    talk: Conversation,
    channel: number,
    spec: ChannelSpec,
    source: Source,
    flow: Flow,
    signal: AbortSignal,
  ): Promise<GatewayReception> {
    const settled = spec.kind !== 'topic' || source.group !== undefined
    const reception = new GatewayReception(talk, settled, spec.kind === 'queue' ? spec.leaseMs : Infinity)
    const [number, answer] = talk.call<Attached | undefined>('receive', [channel, onWire(source), flow], signal)
    reception.number = number
    // Known before the answer: deliveries may follow it in the same message.
    talk.receptions.set(number, reception)
    try {
      const { beatMs } = (await answer) ?? {}
      if (beatMs) reception.beatMs = beatMs
      return reception
    } catch (error) {
      talk.receptions.delete(number)
      throw error
    }
  }

  private constructor(talk: Conversation, settled: boolean, leaseMs: number) {
    this.talk = talk
    this.settled = settled
    this.leaseMs = leaseMs
    this.open = settled ? new Map() : NONE
  }

  next(): Promise<Batch | undefined> {
    const batch = this.#queue.shift()
    // What a list had room for it keeps.
    if (batch && !this.#queue.length) this.#queue = []
    if (batch) return Promise.resolve(this.#pull(batch))
    const state = this.#state
    if (state !== 'live') {
      this.#state = 'ended'
      return state === 'ended' ? Promise.resolve(undefined) : Promise.reject(state.failed)
    }
    if (this.settled && !this.#granted) {
      this.#granted = true
      this.talk.post(['next', this.number, this.#pulled])
    }
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  adjust(flow: Flow): void {
    if (this.#state === 'live') this.talk.post(['adjust', this.number, flow])
  }

  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stop()
    const cut = (): void => {
      this.talk.post(['cut', this.number])
      for (const delivery of this.open.values()) delivery.lose()
    }
    signal.addEventListener('abort', cut)
    if (signal.aborted) cut()
    return this.#stopped.finally(() => signal.removeEventListener('abort', cut))
  }

  take(tuples: readonly Tuple[], body: (slot: Slot) => Body, more?: More): void {
    const first = this.#arrived + 1
    this.#arrived += tuples.length
    this.#granted = false
    if (this.#state !== 'live') return
    const deliveries = tuples.map((tuple, at) => new GatewayDelivery(this, first + at, tuple, body(tuple[3])))
    if (this.settled) for (const delivery of deliveries) this.open.set(delivery.number, delivery)
    this.#give({ deliveries, ...more })
  }

  beat(): void {
    if (this.#waiting) this.#give(BEAT)
  }

  /** The gateway wants to know when what it sent so far is pulled. */
  asked(): void {
    this.#askAt = this.#arrived
    this.#answer()
  }

  gone(numbers: readonly number[]): void {
    for (const number of numbers) this.open.get(number)?.lose()
  }

  /** No more will come: stopped or the link ended, or only this source failed. What is here may still be pulled then. */
  finish(error?: MessagingError): void {
    if (this.#state !== 'live') return
    if (!error) this.#queue = []
    if (this.talk.over || error) for (const delivery of this.open.values()) delivery.lose()
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#state = error && !waiting ? { failed: error } : 'ended'
    waiting?.(error ? Promise.reject(error) : undefined)
  }

  async #stop(): Promise<void> {
    const live = this.#state === 'live'
    this.#queue = []
    for (const [number, delivery] of this.open) if (number > this.#pulled) delivery.lose()
    this.finish()
    this.#state = 'ended'
    if (!live || this.talk.over) return
    // Gone with its link, it is stopped as well.
    await this.talk.call('stop', [this.number, this.#pulled])[1].catch(() => undefined)
    this.talk.receptions.delete(this.number)
  }

  #give(batch: Batch): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting) waiting(this.#pull(batch))
    else this.#queue.push(batch)
  }

  #pull(batch: Batch): Batch {
    this.#pulled += batch.deliveries.length
    this.#answer()
    return batch
  }

  #answer(): void {
    if (this.#askAt === 0 || this.#pulled < this.#askAt) return
    this.#askAt = 0
    this.talk.post(['next', this.number, this.#pulled])
  }
}

/** A position crosses as the epoch of its log and the place in it. */
function onWire(source: Source): unknown {
  if (source.start?.at !== 'position') return source
  const { position } = source.start
  const bar = position.indexOf('|')
  return { ...source, start: { at: 'position', position: [position.slice(0, bar), position.slice(bar + 1)] } }
}
