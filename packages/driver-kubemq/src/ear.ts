import type { ServiceError } from '@grpc/grpc-js'
import type { Feed } from '@spanwire/driver/kit'
import { settled } from './attach.js'
import { endFault, isTooLarge } from './errors.js'
import type { KubemqReception } from './reception.js'
import type { Stream, Wire } from './wire.js'

/** What an ear listens to. */
export interface Sound<T> {
  /** As errors call it. */
  readonly what: string
  /** Each opens one subscription. */
  readonly streams: readonly (() => Stream<T>)[]
  /** `at`: which of them it came on. */
  hear(message: T, at: number): void
  refill(): void
}

/** Subscriptions that keep nothing: a message that is too large for us is lost alone, any other end is the reception's. */
export class Ear<T> implements Feed {
  readonly #wire: Wire
  readonly #sound: Sound<T>
  readonly #reception: KubemqReception
  readonly #open: { cancel(): void }[] = []
  /** Rejects when the server refuses a subscription. */
  readonly #refused: Promise<never>
  #refuse: (error: Error) => void = () => undefined

  private constructor(wire: Wire, sound: Sound<T>, reception: KubemqReception) {
    this.#wire = wire
    this.#sound = sound
    this.#reception = reception
    this.#refused = new Promise((_, reject) => {
      this.#refuse = reject
    })
    this.#refused.catch(() => undefined)
  }

  /** Resolves when the subscriptions are in place, as far as that can be known. Fails without a trace. */
  static async attach<T>(wire: Wire, sound: Sound<T>, reception: KubemqReception, signal: AbortSignal): Promise<void> {
    if (wire.over) throw wire.over
    const ear = new Ear(wire, sound, reception)
    try {
      for (const at of signal.aborted ? [] : sound.streams.keys()) ear.#subscribe(at)
      await settled(wire, signal, sound.what, { by: ear.#refused })
      reception.begin(ear)
    } catch (error) {
      void ear.leave()
      throw error
    }
  }

  refill(): void {
    this.#sound.refill()
  }

  leave(): Promise<void> {
    for (const stream of this.#open.splice(0)) stream.cancel()
    return Promise.resolve()
  }

  #subscribe(at: number): void {
    const stream = this.#sound.streams[at]?.()
    if (!stream) return
    const data = (message: T): void => this.#sound.hear(message, at)
    this.#open[at] = this.#wire.listen(stream, { data, over: (error) => this.#over(at, error) })
  }

  #over(at: number, error: ServiceError | undefined): void {
    if (error && isTooLarge(error)) {
      this.#reception.shelf.tell({ lost: { reason: 'engine', count: 1 } })
      this.#subscribe(at)
      return
    }
    const fault = endFault(this.#sound.what, error)
    this.#refuse(fault)
    this.#reception.fail(fault)
  }
}
