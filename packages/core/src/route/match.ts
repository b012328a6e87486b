import { MessagingError } from '@spanwire/driver'
import { nearest, type Policy, sitesIn } from './policy.js'

/** What a route is here: a pattern of channel names and what holds for them. */
interface Rule {
  readonly match: string
  readonly policy: Policy
}

/**
 * Compiles routes once; the result gives a channel's policy: the first match, else `nearest()`. Wildcards are NATS': `*` one token,
 * `>` one or more at the end. A contract is asked for by its template: `quotes.{symbol}` is matched by `quotes`, `quotes.*` and
 * `quotes.>`. Throws `invalid` for a bad pattern, and for a policy that names none of `sites`.
 */
export function routeFor(rules: readonly Rule[], sites: readonly string[]): (template: string) => Policy {
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
        `Route "${match}" is no pattern of channel names: tokens of a-z, 0-9 and -, * for one, > for the rest.`,
      )
    return { tokens: match.split('.'), policy }
  })
  const otherwise = nearest()
  return (template) => {
    const channel = template.split('.')
    const name = channel.filter((token) => !token.startsWith('{'))
    return compiled.find(({ tokens }) => fits(tokens, channel) || fits(tokens, name))?.policy ?? otherwise
  }
}

function fits(pattern: readonly string[], channel: readonly string[]): boolean {
  const open = pattern.at(-1) === '>'
  if (open ? channel.length < pattern.length : channel.length !== pattern.length) return false
  return pattern.every((token, at) => token === '*' || token === '>' || token === channel[at])
}
