import type { SessionChange } from '../session/listeners.js'
import type { BareClient } from './api.js'
import { close } from './close.js'
import { CONTEXT, type Context, type Life, makeContext } from './context.js'
import type { ClientOptions } from './options.js'

/** Within so long the sites that wait for their next dial are dialled when none is left: not by all clients in the same moment. */
const SPREAD_MS = 250

/**
 * A client without verbs, for pages that load no more than they use: `subscribe(client, quotes)` instead of
 * `client.subscribe(quotes)`, or {@link withVerbs}. Otherwise as {@link createClient}: dials all sites at once, in the
 * background. Throws `invalid` for options that cannot work, naming their path.
 */
export function createBareClient<const Site extends string>(options: ClientOptions<Site>): BareClient<Site> {
  const life: Life = { stage: 'open' }
  const context = makeContext(options, life)
  for (const session of context.sessions.values()) {
    session.onChange((change) => tell(context, session.site, change))
    session.start()
  }
  let closing: Promise<void> | undefined
  const shut: BareClient['close'] = (how = {}) => {
    closing ??= close(context, life, how.timeout)
    return closing
  }
  return { close: shut, [Symbol.asyncDispose]: () => shut(), [CONTEXT]: context }
}

function tell(context: Context, site: string, change: SessionChange): void {
  if ('channel' in change) {
    if (change.ill) lookForAnother(context, site)
    return
  }
  const { from, to, reason } = change
  if (from.at !== to.at) context.events.emit({ type: 'site', site, from: from.at, to: to.at, reason })
  if ('link' in from && !('link' in to)) lookForAnother(context, site)
  // Who reads waits as well: what comes next may be there already.
  else if (to.at === 'waiting' && context.intakes.size > 0 && isAlone(context, site)) context.session(site).awaited()
}

/** No other site is reached. */
function isAlone({ sessions }: Context, at: string): boolean {
  return [...sessions.values()].every(({ link, site }) => link === undefined || site === at)
}

/** The last link is gone, or of no use to a channel: who waits for its time to be dialled may be back by now, and is all that there is. */
function lookForAnother(context: Context, lost: string): void {
  if (!isAlone(context, lost)) return
  const { sessions, runtime, closed } = context
  const cancel = runtime.after(runtime.random() * SPREAD_MS, () => {
    for (const session of sessions.values())
      if (session.site !== lost && session.state.at === 'waiting') session.retryNow()
  })
  void closed.promise.then(cancel)
}
