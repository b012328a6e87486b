import { MessagingError } from '@spanwire/driver'
import type { Contract } from '../contract/contract.js'
import type { Departure, Ending, Waiting } from '../departure/message.js'
import type { Sent } from './api.js'

const DURABILITY = { written: 'sent', taken: 'accepted', stored: 'stored' } as const

/** Who published or sent, and waits for one promise. */
export class Caller implements Waiting {
  readonly #contract: Contract
  readonly #resolve: (sent: Sent) => void
  readonly #reject: (error: MessagingError) => void
  #forget: (() => void) | undefined

  constructor(contract: Contract, resolve: (sent: Sent) => void, reject: (error: MessagingError) => void) {
    this.#contract = contract
    this.#resolve = resolve
    this.#reject = reject
  }

  ended(ending: Ending, departure: Departure): void {
    this.#forget?.()
    const { confirms, letter, stored } = departure
    if (ending.by === 'done') this.#resolve({ id: letter.id ?? '', durability: DURABILITY[confirms], sites: stored })
    else this.#reject(ending.by === 'failed' ? ending.error : unknown(this.#contract, departure, ending.error))
  }

  /** Takes the message back when the signal aborts before it has ended. */
  heed(signal: AbortSignal, takeBack: () => void): void {
    this.#forget = () => signal.removeEventListener('abort', takeBack)
    signal.addEventListener('abort', takeBack)
  }
}

function unknown(contract: Contract, departure: Departure, cause: MessagingError | undefined): MessagingError {
  const where = departure.stored.length > 0 ? `stored only at ${departure.stored.join(', ')}` : 'it may have been taken'
  return new MessagingError(
    'outcome-unknown',
    `${contract.name} ${departure.letter.id}: ${where}${cause ? `: ${cause.message}` : ''}`,
    { cause },
  )
}
