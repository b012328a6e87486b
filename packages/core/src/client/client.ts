import type { Client, ClientOptions } from './api.js'
import { close } from './close.js'
import { consume } from './consume.js'
import { CONTEXT, type Context, type Life, makeContext } from './context.js'
import { explain } from './explain.js'
import { publish, send } from './publish.js'
import { remove } from './remove.js'
import { request } from './request.js'
import { respond } from './respond.js'
import { followSites } from './sending.js'
import { status } from './status.js'
import { subscribe } from './subscribe.js'
import { resume, suspend } from './suspend.js'
import { table } from './table.js'

/**
 * One typed client over all sites. Dials them at once, in the background; operations wait for a link within their timeout.
 * Throws `invalid` for options that cannot work, naming their path.
 */
export function createClient<const Site extends string>(options: ClientOptions<Site>): Client {
  const life: Life = { stage: 'open' }
  const context = makeContext(options, life)
  const unfollow = followSites(context)
  for (const session of context.sessions.values()) session.start()
  let closing: Promise<void> | undefined
  const shut: Client['close'] = (how = {}) => {
    closing ??= close(context, life, unfollow, how.timeout)
    return closing
  }
  const verbs = bind(context)
  // The verbs work on erased contracts: the interface has given and taken the types by then.
  return { ...verbs, close: shut, [Symbol.asyncDispose]: () => shut(), [CONTEXT]: context } as unknown as Client
}

function bind(context: Context): Erased {
  return {
    publish: (topic, value, how) => publish(context, topic, value, how),
    remove: (topic, params, how) => remove(context, topic, params, how),
    send: (queue, value, how) => send(context, queue, value, how),
    request: (rpc, query, how) => request(context, rpc, query, how),
    subscribe: (topic, params = {}, how = {}) => subscribe(context, topic, params, how),
    consume: (queue, handler, how = {}) => consume(context, queue, handler, how),
    respond: (rpc, handler, how = {}) => respond(context, rpc, handler, how),
    table: (topic, params = {}, how = {}) => table(context, topic, params, how),
    status: () => status(context),
    watch: (how = {}) => context.events.watch(how.signal),
    explain: (op, contract, at = {}) => explain(context, op, contract, at),
    suspend: () => suspend(context),
    resume: (how = {}) => resume(context, how.maxRate),
  }
}

type Options<Verb extends (...args: never[]) => unknown> = Parameters<Verb>

/** The client's verbs without the types of contracts. */
interface Erased extends Pick<Client, 'status' | 'watch' | 'explain' | 'suspend' | 'resume'> {
  publish(topic: Options<typeof publish>[1], value: unknown, how?: Options<typeof publish>[3]): Promise<unknown>
  remove(
    topic: Options<typeof remove>[1],
    params: Options<typeof remove>[2],
    how?: Options<typeof remove>[3],
  ): Promise<unknown>
  send(queue: Options<typeof send>[1], value: unknown, how?: Options<typeof send>[3]): Promise<unknown>
  request(rpc: Options<typeof request>[1], query: unknown, how?: Options<typeof request>[3]): Promise<unknown>
  subscribe(
    topic: Options<typeof subscribe>[1],
    params?: Options<typeof subscribe>[2],
    how?: Options<typeof subscribe>[3],
  ): unknown
  consume(
    queue: Options<typeof consume>[1],
    handler: Options<typeof consume>[2],
    how?: Options<typeof consume>[3],
  ): unknown
  respond(
    rpc: Options<typeof respond>[1],
    handler: Options<typeof respond>[2],
    how?: Options<typeof respond>[3],
  ): unknown
  table(topic: Options<typeof table>[1], params?: Options<typeof table>[2], how?: Options<typeof table>[3]): unknown
}
