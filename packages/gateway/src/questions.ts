import { MessagingError } from '@spanwire/driver'
import { type Outbox, wireError } from './outbox.js'

/** What a client asked and has no answer to yet. Each is answered once, unless the connection ends first. */
export class Questions {
  readonly #outbox: Outbox
  readonly #limit: number
  readonly #onBreach: (error: MessagingError) => void
  readonly #onFault: (error: unknown) => void
  readonly #cancels = new Map<number, AbortController>()
  #open = 0

  constructor(
    outbox: Outbox,
    limit: number,
    onBreach: (error: MessagingError) => void,
    onFault: (error: unknown) => void,
  ) {
    this.#outbox = outbox
    this.#limit = limit
    this.#onBreach = onBreach
    this.#onFault = onFault
  }

  /** `limit`: none for settling, of which the deliveries are the bound. */
  ask(number: number, answer: () => Promise<unknown>, limit: number = this.#limit): void {
    const outbox = this.#outbox
    if (this.#open >= limit) {
      outbox.say(['error', number, wireError(overloaded(`${limit} questions are open`))])
      return
    }
    this.#open += 1
    answer().then(
      (result) => {
        this.#open -= 1
        outbox.say(result === undefined ? ['ok', number] : ['ok', number, result])
      },
      (error) => {
        this.#open -= 1
        if (isBreach(error)) this.#onBreach(error)
        if (!MessagingError.is(error)) this.#onFault(error)
        outbox.say(['error', number, wireError(error)])
      },
    )
  }

  /** One that the client may take back. */
  askLong(number: number, answer: (signal: AbortSignal) => Promise<unknown>): void {
    const taken = new AbortController()
    this.#cancels.set(number, taken)
    this.ask(number, () => answer(taken.signal).finally(() => this.#cancels.delete(number)))
  }

  cancel(number: number): void {
    this.#cancels.get(number)?.abort()
  }

  cancelAll(): void {
    for (const taken of this.#cancels.values()) taken.abort()
  }
}

/** Not a refusal but an offence against the protocol: the connection ends with it. */
function isBreach(error: unknown): error is MessagingError {
  return MessagingError.is(error) && error.code === 'invalid' && error.scope === 'link'
}

/** Beyond one of the bounds of a connection. */
export function overloaded(why: string): MessagingError {
  return new MessagingError('overloaded', `The gateway takes no more from this client: ${why}.`)
}
