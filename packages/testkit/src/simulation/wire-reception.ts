import {
  type Answer,
  type Batch,
  type Body,
  type ChannelSpec,
  type Delivery,
  type Flow,
  type Headers,
  MessagingError,
  type Reception,
} from '@spanwire/driver'
import type { WireLink } from './wire.js'

/** The far side pulls while there is room here, ships, and learns now and then what was taken. */
export class WireReception implements Reception {
  readonly beatMs?: number
  readonly #link: WireLink
  readonly #spec: ChannelSpec
  /** What is not settled comes again, to somebody: unpulled ones go back. */
  readonly #isSettled: boolean
  readonly #far: Reception
  readonly #beats: boolean
  #flow: Flow
  /** Arrived and not pulled. Bound: `flow`, which the far side keeps. */
  readonly #here: Batch[] = []
  #waiter: { resolve(batch: Batch | undefined): void; reject(error: unknown): void } | undefined
  #end: { readonly error?: unknown } | undefined
  /** Counted at the far side: shipped, and known to be pulled. */
  #shipped = 0
  #pulled = 0
  #untold = 0
  #onRoom: (() => void) | undefined

  constructor(
    link: WireLink,
    spec: ChannelSpec,
    far: Reception,
    { flow, isSettled }: { readonly flow: Flow; readonly isSettled: boolean },
  ) {
    this.#isSettled = isSettled
    // Of jobs and requests nobody asks for signs of life.
    this.#beats = spec.kind === 'topic'
    if (far.beatMs !== undefined && this.#beats) this.beatMs = far.beatMs
    this.#link = link
    this.#spec = spec
    this.#far = far
    this.#flow = flow
    link.parts.add(this)
    void this.#ship()
  }

  next(): Promise<Batch | undefined> {
    const batch = this.#here.shift()
    if (batch !== undefined) {
      this.#took(batch.deliveries.length)
      return Promise.resolve(batch)
    }
    if (this.#end !== undefined) return 'error' in this.#end ? this.#failOnce() : Promise.resolve(undefined)
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
    })
  }

  adjust(flow: Flow): void {
    this.#flow = flow
    this.#link.connection.up.push(() => {
      this.#far.adjust(flow)
      this.#onRoom?.()
    })
  }

  async stop(signal: AbortSignal): Promise<void> {
    // Unpulled ones go back: the far side does that for what it holds, these are given back by hand.
    const back = this.#here.splice(0)
    this.#over({})
    if (this.#isSettled) for (const batch of back) for (const one of batch.deliveries) giveBack(one)
    const { connection } = this.#link
    // Who will not wait has it stopped all the same.
    if (signal.aborted) connection.up.push(() => void this.#far.stop(signal))
    else await connection.ask('stop', signal, (abort) => this.#far.stop(abort())).catch(() => {})
    this.#link.parts.delete(this)
  }

  end(_error: MessagingError): void {
    this.#link.parts.delete(this)
    this.#over({})
  }

  #failOnce(): Promise<never> {
    const error = this.#end?.error
    this.#end = {}
    return Promise.reject(error)
  }

  #over(end: { readonly error?: unknown }): void {
    if (this.#end !== undefined) return
    this.#end = end
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter === undefined) return
    if ('error' in end) {
      this.#end = {}
      waiter.reject(end.error)
    } else waiter.resolve(undefined)
  }

  /** Runs at the far side until it ends there. */
  async #ship(): Promise<void> {
    const { down } = this.#link.connection
    try {
      for (;;) {
        while (this.#shipped - this.#pulled >= this.#flow.messages) await this.#room()
        const batch = await this.#far.next()
        if (batch === undefined) break
        if (!this.#beats && isBeat(batch)) continue
        const shipped = this.#pack(batch)
        down.push(() => this.#arrived(shipped))
      }
      down.push(() => this.#over({}))
    } catch (error) {
      down.push(() => this.#over({ error }))
    }
  }

  #pack(batch: Batch): Batch {
    if (batch.deliveries.length === 0) return batch
    this.#shipped += batch.deliveries.length
    const shippedAt = this.#link.road.host.runtime.now()
    const deliveries = batch.deliveries.map((one) => new WireDelivery(this.#link, this.#spec, one, shippedAt))
    return { ...batch, deliveries }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRoom = () => {
        this.#onRoom = undefined
        resolve()
      }
    })
  }

  #arrived(batch: Batch): void {
    if (this.#end !== undefined) {
      if (this.#isSettled) for (const one of batch.deliveries) giveBack(one)
      return
    }
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter === undefined) this.#here.push(batch)
    else {
      this.#took(batch.deliveries.length)
      waiter.resolve(batch)
    }
  }

  /** Tells the far side in steps of half the room. */
  #took(count: number): void {
    this.#untold += count
    if (this.#untold * 2 < this.#flow.messages) return
    const told = this.#untold
    this.#untold = 0
    this.#link.connection.up.push(() => {
      this.#pulled += told
      this.#onRoom?.()
    })
  }
}

function isBeat({ deliveries, lost, caughtUp }: Batch): boolean {
  return deliveries.length === 0 && lost === undefined && caughtUp === undefined
}

function giveBack(delivery: Delivery): void {
  void delivery.settle({ retryMs: 0 }).catch(() => {})
}

class WireDelivery implements Delivery {
  readonly #link: WireLink
  readonly #spec: ChannelSpec
  readonly #far: Delivery
  #leaseEnd: number
  #settled = false

  constructor(link: WireLink, spec: ChannelSpec, far: Delivery, shippedAt: number) {
    this.#link = link
    this.#spec = spec
    this.#far = far
    this.#leaseEnd = shippedAt + (spec.kind === 'queue' ? spec.leaseMs : Number.POSITIVE_INFINITY)
  }

  get path(): string {
    return this.#far.path
  }

  get id(): string | undefined {
    return this.#far.id
  }

  get body(): Body {
    return this.#far.body
  }

  get timeMs(): number | undefined {
    return this.#far.timeMs
  }

  get attempt(): number {
    return this.#far.attempt
  }

  get held(): boolean {
    return !this.#settled && this.#link.connection.over === undefined && this.#now() < this.#leaseEnd
  }

  headers(): Headers {
    return this.#far.headers()
  }

  position(): string | undefined {
    return this.#far.position()
  }

  settle(how: 'ack' | { readonly retryMs: number } | Answer): Promise<void> {
    if (!this.held) return Promise.reject(new MessagingError('conflict', 'this delivery is not ours any more'))
    this.#settled = true
    this.#link.witness.settled(this.#link.road, this.#spec, this.#far, how)
    return this.#sure(this.#link.connection.ask('settle', undefined, () => this.#far.settle(how)))
  }

  async extend(): Promise<void> {
    if (!this.held) throw new MessagingError('conflict', 'this delivery is not ours any more')
    const asked = this.#now()
    await this.#sure(this.#link.connection.ask('extend', undefined, () => this.#far.extend()))
    if (this.#spec.kind === 'queue') this.#leaseEnd = asked + this.#spec.leaseMs
  }

  async #sure(settling: Promise<void>): Promise<void> {
    try {
      await settling
    } catch (error) {
      if (MessagingError.is(error) && (error.code === 'conflict' || error.code === 'outcome-unknown')) throw error
      throw new MessagingError('outcome-unknown', 'the link ended before the engine answered', { cause: error })
    }
  }

  #now(): number {
    return this.#link.road.host.runtime.now()
  }
}
