import type { Capabilities, Delivery } from '@spanwire/driver'
import type { Queue } from '../contract/contract.js'
import { paramsOf } from '../contract/template.js'
import { AGAIN } from '../departure/outgoing.js'
import type { Job } from './api.js'
import type { Wish } from './consume.js'
import type { Context } from './context.js'
import { header, userHeaders } from './headers.js'

interface Given {
  readonly context: Context
  readonly queue: Queue
  readonly delivery: Delivery
  readonly site: string
  readonly can: Capabilities
  readonly attempt: number
}

/** The handler's side of a job, its lease kept while it runs where the engine can; `end` lets go. `lost` aborts with the job. */
export function makeJob(given: Given, lost: AbortController): { readonly job: Job; wish(): Wish; end(): void } {
  const { attempt, delivery, queue, site } = given
  let wish: Wish = { how: 'ack' }
  const letGo = keepLease(given, lost)
  const job: Job = {
    id: delivery.id,
    params: paramsOf(queue, delivery.path),
    path: delivery.path,
    site,
    attempt,
    redelivered: attempt > 1,
    again: header(delivery, AGAIN) !== undefined,
    timeMs: delivery.timeMs,
    headers: userHeaders(delivery.headers()),
    signal: lost.signal,
    extend: () => delivery.extend(),
    retry: (delay) => {
      wish = { how: 'retry', delay }
    },
    reject: (reason) => {
      wish = { how: 'reject', reason }
    },
  }
  return { job, wish: () => wish, end: letGo }
}

/**
 * Renews at a third of the lease; where that cannot be done, the handler's signal tells when the lease is over (R42). It tells at
 * once when the job went with its link: who settles it is somebody else by then.
 */
function keepLease({ can, context, delivery, queue, site }: Given, lost: AbortController): () => void {
  const { runtime } = context
  const unwatch = context.session(site).onChange(() => {
    if (!delivery.held) lost.abort()
  }, queue.name)
  const { leaseMs } = queue
  let cancel: () => void
  const renew = (): void => {
    cancel = runtime.after(leaseMs / 3, renew)
    delivery.extend().catch(() => {
      if (!delivery.held) lost.abort()
    })
  }
  cancel = can.extends ? runtime.after(leaseMs / 3, renew) : runtime.after(leaseMs, () => lost.abort())
  return () => {
    cancel()
    unwatch()
  }
}
