import type { Cancel, Outgoing, SendOutcome } from '@spanwire/driver'
import { failed, handOver, maybe, Open, type Report } from '@spanwire/driver/kit'
import type { Wire } from './wire.js'

const FORGOTTEN: SendOutcome = failed('unknown', maybe('Forgotten before KubeMQ answered.', 'message'))

/** Takes one message of a call. Throws a `MessagingError` when it cannot be sent, and nothing of it was. */
export type Take = (message: Outgoing, index: number, open: Open) => void

/**
 * Hands the messages of one call to `take`, and reports what it refuses. `forget`: gives up one that was taken; absent, or when it
 * does not report, what became of it is unknown.
 */
export function sendEach(
  wire: Wire,
  batch: readonly Outgoing[],
  report: Report,
  take: Take,
  forget: (open: Open, index: number) => void = () => undefined,
): Cancel {
  const open = new Open(batch.length, report)
  const { shut } = wire
  if (shut) open.rest(failed('unsent', shut))
  handOver(open, batch, (message, index) => take(message, index, open))
  return open.cancelBy((index) => {
    if (open.has(index)) forget(open, index)
    open.one(index, FORGOTTEN)
  })
}
