import type { Cancel, Channel, MessagingError, Outgoing, SendOutcome } from '@spanwire/driver'
import { type Outbox, wireError } from './outbox.js'

type Done = Extract<SendOutcome, { readonly outcome: 'done' }>

/** Outcomes of one `send` op on their way back: ranges of indexes that fared alike. */
class Sent {
  cancel: Cancel | undefined
  /** The op's index of each message that went upstream. */
  indexes: readonly number[] = []
  /** What the client forgot is not told any more. */
  readonly forgotten = new Set<number>()
  left: number
  /** Where the last one stands that is done: what was done before stands before it. */
  #last: Done | undefined
  #done: number[] = []
  #failed: { readonly outcome: string; readonly error: MessagingError; readonly ranges: number[] }[] = []

  constructor(left: number) {
    this.left = left
  }

  add(index: number, outcome: SendOutcome): void {
    if (outcome.outcome === 'done') this.#last = outcome
    extend(outcome.outcome === 'done' ? this.#done : this.#failedAlike(outcome), index)
  }

  #failedAlike({ outcome, error }: Exclude<SendOutcome, Done>): number[] {
    const last = this.#failed.at(-1)
    const alike = last?.outcome === outcome && last.error.code === error.code && last.error.message === error.message
    if (alike) return last.ranges
    const ranges: number[] = []
    this.#failed.push({ outcome, error, ranges })
    return ranges
  }

  tell(number: number, outbox: Outbox): void {
    const place = this.#last?.position?.()
    if (this.#done.length > 0) outbox.say(['done', number, this.#done, ...(place === undefined ? [] : [place])])
    for (const { outcome, error, ranges } of this.#failed)
      outbox.say(['fail', number, outcome, wireError(error), ranges])
    this.#last = undefined
    this.#done = []
    this.#failed = []
  }
}

function extend(ranges: number[], index: number): void {
  const last = ranges.length - 1
  if (last > 0 && (ranges[last - 1] ?? 0) + (ranges[last] ?? 0) === index) ranges[last] = (ranges[last] ?? 0) + 1
  else ranges.push(index, 1)
}

/** A message of a `send` op that may go upstream, or why not. */
export type Checked = { readonly index: number } & (
  | { readonly message: Outgoing }
  | { readonly outcome: 'refused' | 'unsent'; readonly error: MessagingError }
)

/** What one client sent and has not heard of yet. */
export class Sends {
  readonly #outbox: Outbox
  readonly #open = new Map<number, Sent>()
  readonly #news = new Set<number>()
  /** Messages without outcome. */
  inFlight = 0

  constructor(outbox: Outbox) {
    this.#outbox = outbox
  }

  send(number: number, channel: Channel | undefined, checked: readonly Checked[], trouble: () => MessagingError): void {
    const sent = new Sent(checked.length)
    this.#open.set(number, sent)
    this.inFlight += checked.length
    const indexes: number[] = []
    const batch: Outgoing[] = []
    for (const one of checked) {
      if ('message' in one) {
        indexes.push(one.index)
        batch.push(one.message)
      } else this.#report(number, sent, one.index, one)
    }
    if (batch.length === 0) return
    if (channel) {
      sent.indexes = indexes
      sent.cancel = channel.send(batch, (index, outcome) => this.#report(number, sent, indexes[index] ?? 0, outcome))
      return
    }
    const unsent: SendOutcome = { outcome: 'unsent', error: trouble() }
    for (const index of indexes) this.#report(number, sent, index, unsent)
  }

  /** The client forgot it, so it reported the outcome itself. */
  cancel(number: number, index: number | undefined): boolean {
    const sent = this.#open.get(number)
    if (!sent) return false
    if (index === undefined) this.#open.delete(number)
    else sent.forgotten.add(index)
    const upstream = index === undefined ? undefined : sent.indexes.indexOf(index)
    if (upstream !== -1) sent.cancel?.(upstream)
    return true
  }

  /** Tells what has become of them since the last time. */
  tell(): void {
    if (this.#news.size === 0) return
    for (const number of this.#news) {
      const sent = this.#open.get(number)
      sent?.tell(number, this.#outbox)
      if (sent?.left === 0) this.#open.delete(number)
    }
    this.#news.clear()
  }

  #report(number: number, sent: Sent, index: number, outcome: SendOutcome): void {
    sent.left -= 1
    this.inFlight -= 1
    if (this.#open.get(number) !== sent) return
    if (sent.forgotten.has(index)) {
      if (sent.left > 0) return
    } else if (outcome.outcome === 'done' && outcome.reply) {
      const { reply } = outcome
      this.#outbox.sayBody(['reply', number, index], reply.body, [reply.error ?? null, reply.headers()])
    } else sent.add(index, outcome)
    this.#news.add(number)
    this.#outbox.wake()
  }
}
