import type { Answer, ChannelSpec, Delivery, Outgoing } from '@spanwire/driver'
import type { Road } from './road.js'

/** Sees what crosses the network, at the clients' ends. */
export interface Witness {
  dialed(road: Road): void
  hungUp(road: Road): void
  sent(road: Road, spec: ChannelSpec, batch: readonly Outgoing[]): void
  settled(road: Road, spec: ChannelSpec, delivery: Delivery, how: 'ack' | { readonly retryMs: number } | Answer): void
}
