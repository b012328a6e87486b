import type { ChannelSpec } from '@spanwire/driver'
import { listen } from '../route/listen.js'
import type { Context } from './context.js'

/** Where to listen: wherever anybody may publish by the routes of now, or by those of before that somebody may not have left yet (R22, I13). */
export function listenAt(
  { picture, policy, routing }: Pick<Context, 'picture' | 'policy' | 'routing'>,
  spec: ChannelSpec,
): readonly string[] {
  const now = picture()
  const sites = listen(policy(spec), now)
  if (routing.earlier.size === 0) return sites
  return [...new Set([sites, ...[...routing.earlier.keys()].map((route) => listen(route(spec), now))].flat())]
}
