import type { ChannelSpec, Source } from '@spanwire/driver'
import { assertSource, passing } from '@spanwire/driver/kit'

/** They are part of the name of a group at Kafka. */
const GROUPS = { fits: /^[A-Za-z0-9._-]{1,128}$/, words: 'letters, digits, dots, _ and -' }

/** Which paths a source wants; absent: all. Throws for what is no pattern or no group. */
export function filterOf(spec: ChannelSpec, source: Source): ((path: string) => boolean) | undefined {
  assertSource(spec, source, GROUPS)
  return source.paths && passing(source.paths)
}
