import { MessagingError } from '@spanwire/driver'
import { nearest, type Policy, sitesIn } from './policy.js'

/** What a route is here: a pattern of channel names and what holds for them. */
interface Rule {
  readonly match: string
  readonly policy: Policy
}

/** What a `ChannelSpec` says of names. */
interface Channel {
  readonly name: string
  /** {@link ANY_PARAMS}: nobody knows how many. */
  readonly params: number
}

/** Matched as with any number of parameters that a pattern may ask for. */
export const ANY_PARAMS = -1

/** A channel's policy. */
export type Route = (channel: Channel) => Policy

/**
 * Compiles routes once; the result gives a channel's policy: the first match, else `nearest()`. Wildcards are NATS': `*` one token,
 * `>` one or more at the end. Parameters are tokens that only wildcards match: `quotes.{symbol}` is matched by `quotes`, `quotes.*`
 * and `quotes.>`. Throws `invalid` for a bad pattern, and for a policy that names none of `sites`.
 */
export function routeFor(rules: readonly Rule[], sites: readonly string[]): Route {
  const compiled = rules.map(({ match, policy }, at) => {
    const refuse = (what: string, why: string): never => {
      throw new MessagingError('invalid', `routes[${at}].${what}: ${why}.`)
    }
    // Whoever calls without types may hand in anything.
    if (!POLICIES.includes(policy?.by)) refuse('policy', `no policy; there are: ${POLICIES.join('(), ')}()`)
    const stranger = sitesIn(policy).find((site) => !sites.includes(site))
    if (stranger !== undefined)
      refuse('policy', `${policy.by} for "${match}" names the site ${stranger}; there are: ${sites.join(', ')}`)
    if (!/^(?:(?:[a-z0-9-]+|\*)\.)*(?:[a-z0-9-]+|\*|>)$/.test(match))
      refuse('match', `"${match}" is no pattern: tokens of a-z, 0-9 and -, * for one, > for the rest`)
    return { tokens: match.split('.'), policy }
  })
  const otherwise = nearest()
  /** Contracts keep their channel, and it is asked for with each message. */
  const known = new WeakMap<Channel, Policy>()
  const find = ({ name, params }: Channel): Policy => {
    const short = name.split('.')
    const isMet = ({ tokens }: { readonly tokens: readonly string[] }): boolean => {
      const more = params === ANY_PARAMS ? tokens.length - short.length : params
      return fits(tokens, short) || fits(tokens, [...short, ...Array<string>(Math.max(0, more)).fill('')])
    }
    return compiled.find(isMet)?.policy ?? otherwise
  }
  return (channel) => {
    const policy = known.get(channel) ?? find(channel)
    known.set(channel, policy)
    return policy
  }
}

const POLICIES: readonly Policy['by'][] = ['all', 'local', 'nearest', 'pinned', 'primary', 'weighted']

function fits(pattern: readonly string[], channel: readonly string[]): boolean {
  const open = pattern.at(-1) === '>'
  if (open ? channel.length < pattern.length : channel.length !== pattern.length) return false
  return pattern.every((token, at) => token === '*' || token === '>' || token === channel[at])
}
