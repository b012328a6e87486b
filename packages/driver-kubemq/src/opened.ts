import type { Capabilities, Channel, ChannelSpec } from '@spanwire/driver'
import type { Settings } from './options.js'
import type { Wire } from './wire.js'

/** A channel that may be used. */
export interface Opened<S extends ChannelSpec = ChannelSpec> {
  readonly wire: Wire
  readonly spec: S
  readonly can: Capabilities
  readonly settings: Settings
}

/** Source, flow and the signal that bounds the attaching. */
export type Wanted = Parameters<Channel['receive']>
