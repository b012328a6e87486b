import type { Delivery } from '@spanwire/driver'
import { bytes } from '../contract/codec.js'
import type { Queue } from '../contract/contract.js'
import { queue as makeQueue } from '../contract/queue.js'
import { Letter } from '../departure/letter.js'
import { AGAIN } from '../departure/outgoing.js'
import type { Context } from './context.js'
import { UNREADABLE } from './headers.js'
import { ATTEMPT, without } from './retry.js'
import { dispatch } from './sending.js'

/** A dead letter's headers: what it was, why it died, how often it was tried. */
const ORIGIN = 'sw-origin'
const REASON = 'sw-reason'
const COUNT = 'sw-count'

/** Original bytes and headers under a new identity (R44), over any driver. Rejects when no site took it: then the job is not acknowledged. */
export async function toDeadLetter(
  context: Context,
  queue: Queue,
  delivery: Delivery,
  reason: string,
  attempt: number,
): Promise<void> {
  const { body, id, path } = delivery
  if (queue.deadLetter !== undefined) {
    const origin = `${queue.name}${path === '' ? '' : `.${path}`} ${id ?? ''}`.trim()
    const oneLine = reason.replace(/\s+/g, ' ').slice(0, 500)
    const headers = [
      ...without(delivery.headers(), [ATTEMPT, AGAIN, UNREADABLE]),
      ORIGIN,
      origin,
      REASON,
      oneLine,
      COUNT,
      String(attempt),
    ]
    const letter = new Letter({ path: '', body, headers }, '')
    await dispatch(context, makeQueue(queue.deadLetter, bytes), '', letter, {})
  }
  context.events.emit({ type: 'dead-letter', channel: queue.name, id, reason, attempt })
}
