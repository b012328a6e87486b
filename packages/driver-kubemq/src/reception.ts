import type { Flow } from '@spanwire/driver'
import { Intake, type Terms } from '@spanwire/driver/kit'
import type { KubemqDelivery, Origin } from './delivery.js'
import type { Wire } from './wire.js'

export interface ReceptionOptions {
  readonly flow: Flow
  /** Of the log that it reads; absent: it has no positions. */
  readonly epoch?: string
  /** Absent: nothing is to be settled. */
  readonly terms?: Terms<KubemqDelivery>
}

export type KubemqReception = Intake<KubemqDelivery, Origin>

/** Who has left is given nothing any more: what is unused goes back at once. */
export function receptionOf({ members }: Wire, { flow, epoch, terms }: ReceptionOptions): KubemqReception {
  return new Intake({ flow, terms, members, givesBack: 'at-once', origin: (hold) => ({ epoch, hold }) })
}
