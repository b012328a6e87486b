import type { Msg, Subscription } from '@nats-io/transport-node'
import { type MessagingError, matchesPath } from '@spanwire/driver'
import { aborted, forbidden } from './errors.js'
import type { Wire } from './wire.js'

/** Who listens: `hear` gets each message once, `fail` comes once if the server does not permit it, now or later. */
export interface Listener {
  hear(msg: Msg): void
  fail(error: MessagingError): void
}

/** Patience with what is on its way when we leave, in ms. */
const GRACE_MS = 250

/** Subscriptions to a few subjects that may overlap. */
export class Ear {
  readonly #wire: Wire
  readonly #subscriptions: readonly Subscription[]

  private constructor(wire: Wire, subscriptions: readonly Subscription[]) {
    this.#wire = wire
    this.#subscriptions = subscriptions
  }

  /** Resolves when the server has read the subscriptions and refused none. Fails without a trace. */
  static async attach(
    wire: Wire,
    { subjects, queue }: { readonly subjects: readonly string[]; readonly queue?: string | undefined },
    listener: Listener,
    signal: AbortSignal,
  ): Promise<Ear> {
    const what = `Subscribing to ${subjects[0]}`
    if (wire.over) throw wire.over
    if (signal.aborted) throw aborted(signal, what)
    let refused: MessagingError | undefined
    const subscriptions = subjects.map((subject, at) => {
      // Who fits two patterns comes twice.
      const earlier = subjects.slice(0, at).filter((one) => one.includes('*'))
      const callback = (cause: Error | null, msg: Msg): void => {
        if (cause) {
          refused ??= forbidden('subscribe to', subject, cause)
          listener.fail(refused)
        } else if (!earlier.some((one) => matchesPath(one, msg.subject))) listener.hear(msg)
      }
      return wire.nc.subscribe(subject, { ...(queue && { queue }), callback })
    })
    const ear = new Ear(wire, subscriptions)
    try {
      await wire.roundTrip(signal, what)
      if (refused) throw refused
      return ear
    } catch (error) {
      void ear.leave()
      throw error
    }
  }

  /** What is on its way is still heard. Resolves when it is here, soon if the server hangs. */
  async leave(): Promise<void> {
    if (this.#wire.over) return
    // On a connection that ends meanwhile nats.js leaves this open; our own round trip does not.
    for (const one of this.#subscriptions) one.drain().catch(() => undefined)
    await this.#wire.roundTrip(AbortSignal.timeout(GRACE_MS), 'Leaving').catch(() => undefined)
  }
}
