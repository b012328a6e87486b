import type { Client, ClientOptions } from './api.js'
import { close } from './close.js'
import { consume } from './consume.js'
import { CONTEXT, type Life, makeContext } from './context.js'
import { explain } from './explain.js'
import { publish, send } from './publish.js'
import { remove } from './remove.js'
import { request } from './request.js'
import { respond } from './respond.js'
import { followSites } from './sending.js'
import { status } from './status.js'
import { subscribe } from './subscribe.js'
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
  // The verbs work on erased contracts; the interface has given and taken the types by then.
  return {
    [CONTEXT]: context,
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
    close: shut,
    [Symbol.asyncDispose]: () => shut(),
  } as Client
}
