import type { Capabilities, Delivery } from '@spanwire/driver'
import type { OutputOf, Queue } from '../contract/contract.js'
import { decode } from '../contract/decode.js'
import { type Duration, toMs } from '../runtime/duration.js'
import { assertAble } from './able.js'
import type { BareClient, ConsumeOptions, Job, Worker } from './api.js'
import { type Context, contextOf } from './context.js'
import { toDeadLetter } from './dead-letter.js'
import { completedOf } from './finished.js'
import { header, readable } from './headers.js'
import { makeJob } from './job.js'
import { ATTEMPT, retryByCopy } from './retry.js'
import { tellUndecodable } from './undecodable.js'
import { Working } from './working.js'

/** What a job's handler asked for, besides what its result says. */
export type Wish =
  | { readonly how: 'ack' }
  | { readonly how: 'retry'; readonly delay: Duration | undefined }
  | { readonly how: 'reject'; readonly reason: string }

type Handler = (value: unknown, job: Job) => unknown

/** One job from delivery to settlement. */
interface Work {
  readonly context: Context
  readonly queue: Queue
  readonly delivery: Delivery
  readonly site: string
  readonly can: Capabilities
  readonly attempt: number
  readonly options: ConsumeOptions
}

/** Works on the queue's jobs. Attaches wherever work may be stranded; a job is settled only where it was delivered (R40-R42). */
export function consume<C extends Queue>(
  client: BareClient,
  queue: C,
  handler: (value: OutputOf<C>, job: Job) => unknown,
  options?: ConsumeOptions,
): Worker
export function consume(client: BareClient, queue: Queue, handler: Handler, options: ConsumeOptions = {}): Worker {
  const context = contextOf(client)
  context.assertOpen(`consume ${queue.name}`)
  return new Working(context, {
    channel: queue.name,
    spec: queue.spec,
    concurrency: options.concurrency ?? 1,
    signal: options.signal,
    check: (can, site) => assertAble(queue, can, site),
    handle: (delivery, site, can, run) => {
      const attempt = Number(header(delivery, ATTEMPT) ?? delivery.attempt)
      return work({ context, queue, delivery, site, can, attempt, options }, handler, run)
    },
  })
}

/** A copy that another site delivers waits for the one that runs: it must not run beside it (R40). */
async function work(one: Work, handler: Handler, run: AbortController): Promise<void> {
  const { context, delivery, queue } = one
  if (delivery.id === undefined) return handle(one, handler, run)
  const id = `${queue.name} ${delivery.id}`
  const { running } = context
  while (running.has(id)) await running.get(id)
  const over = handle(one, handler, run)
  running.set(id, over)
  await over
  running.delete(id)
}

/** Never rejects. */
async function handle(work: Work, handler: Handler, run: AbortController): Promise<void> {
  const { context, delivery, queue } = work
  const { id } = delivery
  // Done before, only the acknowledgement was lost: acknowledged again and not run.
  if (id !== undefined && completedOf(context).has(`${queue.name} ${id}`))
    return settle(work, undefined, { how: 'ack' })
  let value: unknown
  try {
    value = await decode(queue, readable(delivery))
  } catch (cause) {
    const error = tellUndecodable(context, queue, work, cause)
    return settle(work, undefined, { how: 'reject', reason: error.message })
  }
  const made = makeJob(work, run)
  try {
    await handler(value, made.job)
    await settle(work, made.job, made.wish())
  } catch (error) {
    context.events.emit({ type: 'handler-failed', channel: queue.name, id, attempt: work.attempt, error })
    const wish = made.wish()
    await settle(work, made.job, wish.how === 'reject' ? wish : { how: 'retry', delay: undefined }, error)
  } finally {
    made.end()
  }
}

/** Never rejects: what cannot be settled comes again, and the events say why. */
async function settle(work: Work, job: Job | undefined, wish: Wish, failure?: unknown): Promise<void> {
  const { attempt, context, delivery, options, queue } = work
  const wanted = exhausted(work, wish, failure)
  try {
    switch (wanted.how) {
      case 'ack':
        if (delivery.id !== undefined) completedOf(context).add(`${queue.name} ${delivery.id}`, context.runtime.now())
        await delivery.settle('ack')
        break
      case 'retry':
        await retry(work, wanted.delay)
        break
      case 'reject':
        await toDeadLetter(context, queue, delivery, wanted.reason, attempt)
        await delivery.settle('ack')
        break
    }
    if (job !== undefined) options.onSettled?.(job, wanted.how)
  } catch (error) {
    context.events.emit({
      type: 'warning',
      message: `${queue.name} ${delivery.id ?? ''}: ${wanted.how} was not confirmed, it may come again: ${text(error)}`,
    })
  }
}

/** A handler that failed often enough ends the tries. On arrival only the engine's count speaks, and it over-counts: twice as often. */
function exhausted({ attempt, queue }: Work, wish: Wish, failure: unknown): Wish {
  if (wish.how !== 'retry' || failure === undefined || attempt < queue.maxDeliveries) return wish
  return { how: 'reject', reason: text(failure) }
}

function retry(work: Work, delay: Duration | undefined): Promise<void> {
  const { attempt, can, delivery, queue } = work
  const { retryMs } = queue
  const waitMs = delay === undefined ? (retryMs[Math.min(attempt, retryMs.length) - 1] ?? 0) : toMs(delay, 'retry')
  // An engine that does not count deliveries would try for ever: the copy carries the count.
  return can.retries && can.counts ? delivery.settle({ retryMs: waitMs }) : retryByCopy(work, waitMs)
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
