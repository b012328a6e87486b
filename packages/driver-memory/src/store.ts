import type { Capabilities, ChannelSpec, Flow, Outgoing, Reception, SendOutcome, Source } from '@spanwire/driver'
import type { Call, Sending } from './sending.js'

/** A reception as the engine sees it. */
export interface Attached extends Reception {
  /** Half a beat has passed. */
  tick(): void
  /** The engine goes on: there may be something to give. */
  revive(): void
  /** With its link. */
  end(): void
  /** Only this one: its channel was deleted or forbidden. */
  fail(error: Error): void
}

/** Who attaches, and with what. */
export interface Seat {
  readonly source: Source
  readonly flow: Flow
  readonly can: Capabilities
  readonly beatMs: number
  readonly later: (work: () => void, dropped?: () => void) => Promise<void>
  /** The reception has ended, whoever ended it. */
  readonly leave: (reception: Attached) => void
}

/** What a channel looks like to an operator. */
export interface Depth {
  readonly name: string
  readonly kind: ChannelSpec['kind']
  /** Kept: in the log, in the queue, waiting for a responder. */
  readonly messages: number
  /** Of these, with a consumer and not settled. */
  readonly taken: number
  /** Of these, not yet due. */
  readonly delayed: number
  /** Attached now. */
  readonly receptions: number
}

/** A channel at the engine. */
export interface Store {
  readonly spec: ChannelSpec
  /** Takes a well-formed message. */
  take(out: Outgoing, index: number, sending: Sending): SendOutcome | Call
  attach(seat: Seat): Attached
  depth(): Depth
  /** It is gone for good: nothing of it stays in the agenda. */
  dispose(): void
}
