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
  readonly params: number
}

/**
 * Compiles routes once; the result gives a channel's policy: the first match, else `nearest()`. Wildcards are NATS': `*` one token,
 * `>` one or more at the end. Parameters are tokens that only wildcards match: `quotes.{symbol}` is matched by `quotes`, `quotes.*`
 * and `quotes.>`. Throws `invalid` for a bad pattern, and for a policy that names none of `sites`.
 */
export function routeFor(rules: readonly Rule[], sites: readonly string[]): (channel: Channel) => Policy {
  const compiled = rules.map(({ match, policy }) => {
    const stranger = sitesIn(policy).find((site) => !sites.includes(site))
    if (stranger !== undefined)
      throw new MessagingError(
        'invalid',
        `Route "${match}" names the site ${stranger}; there are: ${sites.join(', ')}.`,
      )
    if (!/^(?:(?:[a-z0-9-]+|\*)\.)*(?:[a-z0-9-]+|\*|>)$/.test(match))
      throw new MessagingError(
        'invalid',
        `Route "${match}" is no pattern: tokens of a-z, 0-9 and -, * for one, > for the rest.`,
      )
    return { tokens: match.split('.'), policy }
  })
  const otherwise = nearest()
  return ({ name, params }) => {
    const short = name.split('.')
    const long = [...short, ...Array<string>(params).fill('')]
    return compiled.find(({ tokens }) => fits(tokens, short) || fits(tokens, long))?.policy ?? otherwise
  }
}

function fits(pattern: readonly string[], channel: readonly string[]): boolean {
  const open = pattern.at(-1) === '>'
  if (open ? channel.length < pattern.length : channel.length !== pattern.length) return false
  return pattern.every((token, at) => token === '*' || token === '>' || token === channel[at])
}
