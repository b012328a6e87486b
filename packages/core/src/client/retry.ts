import { type Capabilities, type Delivery, MessagingError, type SendOutcome } from '@spanwire/driver'
import type { Queue } from '../contract/contract.js'
import { AGAIN } from '../departure/outgoing.js'
import type { Context } from './context.js'

/** Counts deliveries over copies. */
export const ATTEMPT = 'sw-attempt'

interface Failed {
  readonly context: Context
  readonly queue: Queue
  readonly delivery: Delivery
  readonly site: string
  readonly can: Capabilities
  readonly attempt: number
}

/** Where an engine cannot redeliver later: the same identity goes back to the same site as a copy, then the original is acknowledged. */
export async function retryByCopy(failed: Failed, waitMs: number): Promise<void> {
  const { can, context, delivery } = failed
  const engineWaits = can.maxDelayMs >= waitMs
  // The engine cannot wait either: the job stays unsettled with us, within its flow and lease.
  if (!engineWaits) await new Promise<void>((resolve) => void context.runtime.after(waitMs, resolve))
  const outcome = await copy(failed, engineWaits ? waitMs : 0)
  if (outcome.outcome !== 'done') throw outcome.error
  await delivery.settle('ack')
}

function copy({ attempt, context, delivery, queue, site }: Failed, delayMs: number): Promise<SendOutcome> {
  const state = context.session(site).channel(queue.spec)
  if (state.at !== 'open')
    return Promise.resolve({ outcome: 'unsent', error: new MessagingError('unavailable', `${site} is gone`, { site }) })
  const { body, id, path } = delivery
  const headers = [...without(delivery.headers(), [ATTEMPT, AGAIN]), ATTEMPT, String(attempt + 1), AGAIN, '1']
  const message = {
    path,
    body,
    headers,
    ...(id === undefined ? undefined : { id }),
    ...(delayMs > 0 ? { delayMs } : undefined),
  }
  return new Promise((resolve) => void state.sender.send(message, body.length, resolve))
}

/** The headers but these. */
export function without(headers: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    if (!names.includes(name)) kept.push(name, headers[at + 1] ?? '')
  }
  return kept
}
