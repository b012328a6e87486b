import type { Capabilities, Channel, ChannelSpec } from '@spanwire/driver'
import type { Settings } from './options.js'
import type { Topic } from './topics.js'
import type { Wire } from './wire.js'

/** A channel whose topic is there. */
export interface Opened {
  readonly wire: Wire
  readonly spec: ChannelSpec
  readonly can: Capabilities
  readonly settings: Settings
  readonly topic: Topic
  /** So much larger than `can` says a message may be by its headers. */
  readonly maxAdded: number
}

/** Source, flow and the signal that bounds the attaching. */
export type Wanted = Parameters<Channel['receive']>
