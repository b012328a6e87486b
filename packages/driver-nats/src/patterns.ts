import type { ChannelSpec, Source } from '@spanwire/driver'
import { assertSource } from '@spanwire/driver/kit'
import { subjectOf } from './outlet.js'

/** The subjects that a source listens to: one per pattern, or the one that fits all paths. */
export function patternsOf(spec: ChannelSpec, source: Source): readonly string[] {
  assertSource(spec, source)
  const { paths } = source
  return paths ? [...new Set(paths)].map((path) => subjectOf(spec, path)) : [everything(spec)]
}

/** `quotes.*` for a channel with one parameter. */
export function everything(spec: ChannelSpec): string {
  return subjectOf(spec, Array(spec.params).fill('*').join('.'))
}
