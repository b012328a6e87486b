import { type ChannelSpec, isPathPattern, MessagingError, matchesPath, type Source } from '@spanwire/driver'
import { invalid } from './errors.js'

const GROUP = /^[A-Za-z0-9._-]{1,128}$/

/** Which paths a source wants; absent: all. Throws for what is no pattern or no group. */
export function filterOf(spec: ChannelSpec, { paths, group }: Source): ((path: string) => boolean) | undefined {
  if (paths?.some((path) => !isPathPattern(path, spec.params))) throw invalid('a pattern', spec)
  if (group !== undefined && !GROUP.test(group)) {
    throw new MessagingError('invalid', `${group} is no name of a group: write letters, digits, dots, _ and -.`)
  }
  if (paths === undefined) return undefined
  const exact = new Set(paths.filter((path) => !path.includes('*')))
  const wide = paths.filter((path) => path.includes('*'))
  return (path) => exact.has(path) || wide.some((one) => matchesPath(one, path))
}
