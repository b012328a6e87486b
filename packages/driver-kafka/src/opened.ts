import type { Capabilities, Channel, ChannelSpec } from '@spanwire/driver'
import type { Settings } from './options.js'
import type { Wire } from './wire.js'

/** A channel whose topic is there. */
export interface Opened {
  readonly wire: Wire
  readonly spec: ChannelSpec
  readonly can: Capabilities
  readonly settings: Settings
  /** So many partitions its topic had when it was opened. */
  readonly partitions: number
}

/** Source, flow and the signal that bounds the attaching. */
export type Wanted = Parameters<Channel['receive']>
