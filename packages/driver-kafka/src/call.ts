import type { Cancel, MessagingError, SendOutcome } from '@spanwire/driver'
import { failed, maybe, Open, type Report } from '@spanwire/driver/kit'

const LOST: SendOutcome = failed('unknown', maybe('Forgotten before Kafka answered.', 'message'))

/** The messages of one call, and how far each has come. */
export class Call {
  /** Those that are unreported. */
  readonly open: Open
  readonly #isHandedOver: Uint8Array
  readonly #unsent: SendOutcome
  readonly #doneWhen: 'stored' | 'answered'

  /** `forgotten`: what a message that was cancelled before it was handed over is reported with. */
  constructor(
    count: number,
    report: Report,
    { forgotten, doneWhen }: { readonly forgotten: MessagingError; readonly doneWhen: 'stored' | 'answered' },
  ) {
    this.open = new Open(count, report)
    this.#isHandedOver = new Uint8Array(count)
    this.#unsent = failed('unsent', forgotten)
    this.#doneWhen = doneWhen
  }

  /** Not reported, and not given to the port. */
  waits(index: number): boolean {
    return this.open.has(index) && this.#isHandedOver[index] === 0
  }

  /** It is given to the port now. */
  handOver(index: number): void {
    this.#isHandedOver[index] = 1
  }

  /** It is in the log. */
  stored(index: number, outcome: SendOutcome): void {
    if (this.#doneWhen === 'stored') this.open.one(index, outcome)
  }

  /** By `Cancel` and at the end of the link: `lost` is for what was handed over. */
  forget(index: number, unsent: SendOutcome = this.#unsent, lost: SendOutcome = LOST): void {
    this.open.one(index, this.#isHandedOver[index] === 0 ? unsent : lost)
  }

  forgetAll(unsent: SendOutcome = this.#unsent, lost: SendOutcome = LOST): void {
    for (let index = 0; !this.open.isOver; index++) this.forget(index, unsent, lost)
  }

  get cancel(): Cancel {
    return this.open.cancelBy((index) => this.forget(index))
  }
}
