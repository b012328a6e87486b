import type { ChannelSpec } from '@spanwire/driver'

type Named = Pick<ChannelSpec, 'name' | 'params'>

/** Where a channel's messages are, as any program on NATS sees it. */
export function subjectOf({ name, params }: Named, path: string): string {
  return params === 0 ? name : `${name}.${path}`
}

/** The stream of a durable topic or a queue. */
export function streamOf({ name }: Named): string {
  return name.replaceAll('.', '_')
}
