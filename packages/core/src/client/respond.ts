import { type Answer, type Delivery, MessagingError } from '@spanwire/driver'
import type { OutputOf, ReplyInputOf, Rpc } from '../contract/contract.js'
import { decode } from '../contract/decode.js'
import { encodeReply } from '../contract/encode.js'
import { paramsOf } from '../contract/template.js'
import { listen } from '../route/listen.js'
import type { BareClient, Call, RespondOptions, Worker } from './api.js'
import { type Context, contextOf } from './context.js'
import { completedOf } from './finished.js'
import { header, userHeaders } from './headers.js'
import { TIMEOUT } from './request.js'
import { tellUndecodable } from './undecodable.js'
import { Working } from './working.js'

type Handler = (query: unknown, call: Call) => unknown

const DEFAULT_CONCURRENCY = 64

/** Answers requests. Registers at every site of the route; runs a request id once (R45). */
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
    sites: listen(context.policy(rpc.spec), context.picture()),
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
  const { delivery, site } = asked
  const seen = delivery.id === undefined ? undefined : `${rpc.name} ${delivery.id}`
  if (seen !== undefined && completedOf(context).has(seen))
    return reply(context, rpc, delivery, { body: '', error: 'this request has been run already' })
  if (seen !== undefined) completedOf(context).add(seen, context.runtime.now())
  try {
    const query = await decode(rpc, delivery.body)
    await reply(context, rpc, delivery, await run(context, rpc, handler, query, asked))
  } catch (cause) {
    const error = tellUndecodable(context, rpc, delivery, site, cause)
    await reply(context, rpc, delivery, { body: '', error: error.message })
  }
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
    return { body: (await encodeReply(rpc, await handler(query, call))).body }
  } catch (error) {
    context.events.emit({
      type: 'handler-failed',
      channel: rpc.name,
      id: delivery.id,
      attempt: delivery.attempt,
      error,
    })
    return { body: '', error: error instanceof Error ? error.message : String(error) }
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
