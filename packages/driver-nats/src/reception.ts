import type { ChannelSpec, Flow } from '@spanwire/driver'
import { Intake, type Terms } from '@spanwire/driver/kit'
import type { NatsDelivery, Origin } from './delivery.js'
import type { Wire } from './wire.js'

export interface ReceptionOptions {
  readonly spec: ChannelSpec
  readonly flow: Flow
  /** Of the log that it reads; absent: it has no positions. */
  readonly epoch?: string | undefined
  /** Absent: nothing is to be settled. */
  readonly terms?: Terms<NatsDelivery>
  readonly beatMs?: number
}

export type NatsReception = Intake<NatsDelivery, Origin>

/** What asks for more gets what is given back at once: it goes back when the feed has left. */
export function receptionOf(wire: Wire, { spec, flow, epoch, terms, beatMs }: ReceptionOptions): NatsReception {
  const prefix = spec.name.length + 1
  const { members } = wire
  return new Intake({ flow, terms, beatMs, members, givesBack: 'late', origin: (hold) => ({ prefix, epoch, hold }) })
}
