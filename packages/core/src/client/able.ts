import { type Capabilities, MessagingError } from '@spanwire/driver'
import type { Contract } from '../contract/contract.js'
import type { ChannelState } from '../session/channels.js'
import type { Context } from './context.js'
import { watchPaces } from './slow.js'

/** What decides whether an engine can keep a contract. */
type Asks = Pick<Contract, 'kind' | 'name' | 'spec'> & { readonly key?: unknown; readonly order?: 'key' | 'none' }

/** Throws `capability` when the engine of a site cannot keep what the contract promises to its workers. */
export function assertAble({ key, kind, name, order }: Asks, can: Capabilities, site: string): void {
  if (kind !== 'queue' || key === undefined || order === 'none' || can.keyed) return
  const what = `queue ${name} has a key, and the engine of ${site} cannot keep its order among competing workers`
  throw new MessagingError('capability', `${what}; write order: 'none' in the contract if that does not matter`, {
    scope: 'channel',
    site,
  })
}

/** A contract's channel at a site; `refused` also where it is open and cannot keep the contract. */
export function channelAt(context: Pick<Context, 'session'>, contract: Asks, site: string): ChannelState {
  const state = context.session(site).channel(contract.spec)
  if (state.at !== 'open') return state
  try {
    assertAble(contract, state.channel.can, site)
    return state
  } catch (error) {
    if (!MessagingError.is(error)) throw error
    return { at: 'refused', error, retryAt: Infinity }
  }
}

/** Sites to be avoided: those given, slow ones, and those where the contract's sends do not get through though their links live. */
export function avoiding(
  context: Context,
  { spec }: Pick<Contract, 'spec'>,
  given: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  context.slow ??= watchPaces(context)
  const ill = [...context.slow().keys()]
  for (const session of context.sessions.values()) if (session.illness(spec)) ill.push(session.site)
  return ill.length > 0 ? new Set([...(given ?? []), ...ill]) : given
}
