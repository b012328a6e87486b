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

/**
 * Who has left is given nothing any more: what is unused goes back at once. gRPC gives each message a tick of its own: those of topics
 * are given out when all have run that one chunk of the socket made.
 */
export function receptionOf({ members }: Wire, { flow, epoch, terms }: ReceptionOptions): KubemqReception {
  const soon = terms ? undefined : (wake: () => void): void => void setImmediate(wake)
  return new Intake({ flow, terms, members, givesBack: 'at-once', soon, origin: (hold) => ({ epoch, hold }) })
}
