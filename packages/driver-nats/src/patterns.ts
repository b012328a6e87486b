import { type ChannelSpec, isPathPattern, MessagingError, type Source } from '@spanwire/driver'
import { invalid } from './errors.js'
import { subjectOf } from './outlet.js'

const GROUP = /^[A-Za-z0-9_-]{1,128}$/

/** The subjects that a source listens to: one per pattern, or the one that fits all paths. */
export function patternsOf(spec: ChannelSpec, { paths, group }: Source): readonly string[] {
  if (paths?.some((path) => !isPathPattern(path, spec.params))) throw invalid('a pattern', spec)
  if (group !== undefined && !GROUP.test(group)) {
    throw new MessagingError('invalid', `${group} is no name of a group: write letters, digits, _ and -.`)
  }
  return paths ? [...new Set(paths)].map((path) => subjectOf(spec, path)) : [everything(spec)]
}

/** `quotes.*` for a channel with one parameter. */
export function everything(spec: ChannelSpec): string {
  return subjectOf(spec, Array(spec.params).fill('*').join('.'))
}
