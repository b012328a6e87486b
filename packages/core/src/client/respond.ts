import { type Answer, type Delivery, MessagingError } from '@spanwire/driver'
import type { OutputOf, ReplyInputOf, Rpc } from '../contract/contract.js'
import { decode } from '../contract/decode.js'
import { encodeReply } from '../contract/encode.js'
import { paramsOf } from '../contract/template.js'
import type { BareClient, Call, RespondOptions, Worker } from './api.js'

import { TIMEOUT } from './attempt.js'
import { type Context, contextOf } from './context.js'
import { completedOf } from './finished.js'
import { header, readable, userHeaders } from './headers.js'
import { repliesOf } from './replies.js'
import { tellUndecodable } from './undecodable.js'
import { Working } from './working.js'

type Handler = (query: unknown, call: Call) => unknown

const DEFAULT_CONCURRENCY = 64
/** Clocks may differ so much without a request being taken for stale. */
const SKEW_MS = 5_000

/** Answers requests. Registers at every site of the route; runs a request id once, and gives the same answer to whoever asks the same again (R45). */
export function respond<C extends Rpc>(
  client: BareClient,
  rpc: C,
  handler: (query: OutputOf<C>, call: Call) => ReplyInputOf<C> | Promise<ReplyInputOf<C>>,
  options?: RespondOptions,
): Worker
export function respond(client: BareClient, rpc: Rpc, handler: Handler, options: RespondOptions = {}): Worker {
  const context = contextOf(client)
  context.assertOpen(`respond to ${rpc.name}`)
  return new Working(context, {
    channel: rpc.name,
    spec: rpc.spec,
    concurrency: options.concurrency ?? DEFAULT_CONCURRENCY,
    signal: options.signal,
    handle: (delivery, site, _can, over) => answer(context, rpc, handler, { delivery, site, over }),
  })
}

interface Asked {
  readonly delivery: Delivery
  readonly site: string
  readonly over: AbortController
}

async function answer(context: Context, rpc: Rpc, handler: Handler, asked: Asked): Promise<void> {
  const { delivery } = asked
  if (isOver(context, delivery)) return reply(context, rpc, delivery, failure('nobody waits for the answer any more'))
  if (delivery.id === undefined) return reply(context, rpc, delivery, await answered(context, rpc, handler, asked))
  const id = `${rpc.name} ${delivery.id}`
  const replies = repliesOf(context)
  const known = replies.get(id)
  if (known !== undefined) return reply(context, rpc, delivery, await known)
  if (completedOf(context).has(id)) return reply(context, rpc, delivery, failure('this request has been run already'))
  completedOf(context).add(id, context.runtime.now())
  const ours = answered(context, rpc, handler, asked)
  replies.add(id, ours, context.runtime.now())
  await reply(context, rpc, delivery, await ours)
}

/** The requester's time was over when it came here, by the engine's clock and ours (R45). */
function isOver({ runtime }: Context, delivery: Delivery): boolean {
  const { timeMs } = delivery
  const timeout = Number(header(delivery, TIMEOUT))
  return timeout > 0 && timeMs !== undefined && runtime.wall() > timeMs + timeout + SKEW_MS
}

/** Never rejects: what failed is an answer too. */
async function answered(context: Context, rpc: Rpc, handler: Handler, asked: Asked): Promise<Answer> {
  const { delivery } = asked
  try {
    const query = await decode(rpc, readable(delivery))
    return await run(context, rpc, handler, query, asked)
  } catch (cause) {
    return failure(tellUndecodable(context, rpc, asked, cause).message)
  }
}

function failure(error: string): Answer {
  return { body: '', error }
}

/** The handler's answer, or its failure as text. Its signal aborts when the requester stops waiting. */
async function run(
  context: Context,
  rpc: Rpc,
  handler: Handler,
  query: unknown,
  { delivery, over, site }: Asked,
): Promise<Answer> {
  const headers = delivery.headers()
  const abort = (): void => over.abort()
  const timeout = Number(header(delivery, TIMEOUT))
  const cancel = timeout > 0 ? context.runtime.after(timeout, abort) : () => undefined
  const call: Call = {
    id: delivery.id,
    params: paramsOf(rpc, delivery.path),
    site,
    attempt: delivery.attempt,
    headers: userHeaders(headers),
    signal: over.signal,
  }
  try {
    return { body: await encodeReply(rpc, await handler(query, call)) }
  } catch (error) {
    context.events.emit({
      type: 'handler-failed',
      channel: rpc.name,
      id: delivery.id,
      attempt: delivery.attempt,
      error,
    })
    return failure(error instanceof Error ? error.message : String(error))
  } finally {
    cancel()
  }
}

async function reply(context: Context, rpc: Rpc, delivery: Delivery, answer: Answer): Promise<void> {
  try {
    await delivery.settle(answer)
  } catch (error) {
    const why = MessagingError.is(error) ? error.message : String(error)
    context.events.emit({
      type: 'warning',
      message: `${rpc.name} ${delivery.id ?? ''}: the answer could not be given: ${why}`,
    })
  }
}
