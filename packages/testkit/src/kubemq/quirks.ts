/** How the double misbehaves. What is not said is as it was measured on the real server; rates are from 0 to 1. */
export interface Quirks {
  /** Of every draw; the same seed and the same calls are the same run. Default 1. */
  readonly seed: number
  /** How often an upstream request is stored and never answered (C2). Default 1 in 5,000. */
  readonly unanswered: number
  /** How often a message of a queue with a backlog and two consumers is lost (C3). Default 3 in 10,000. */
  readonly lost: number
  /** How often such a message comes a second time although it was acknowledged (C3). Default 1 in 100. */
  readonly doubled: number
  /** How often an `AckRange` of all that was answered leaves its transaction open (C4). Default 1 in 100. */
  readonly lingering: number
  /** How often what comes back to a queue, when nobody asks for it, goes to a transaction that is open and keeps it from view (C19). Default 0: a busy machine is late by itself. */
  readonly hides: number
  /** How often a request above `maxBytes` on an upstream ends the server, as the real one's panic does (C18). Default 1 in 12. */
  readonly crashes: number
  /** The `authorization` that each call has to bring; empty, the default: any, as the community server takes it (8). */
  readonly token: string
  /** After how long a subscription takes messages; `measured`: 0 to 8 ms, by its kind (3.2). Default `measured`. */
  readonly settleMs: number | 'measured'
  /** So long after its answer an event is stored (C20). Default 0: a busy machine is late by itself. */
  readonly storesAfterMs: number
  /** The most bytes of one gRPC message, either way (5.4). Default 104,857,600; the real server's is `GRPC_BODY_LIMIT`. */
  readonly maxBytes: number
  /** What a subscriber that does not read is kept, before it loses one message after the other (3.2). Default 100. */
  readonly buffered: number
  /** How long one message waits for such a subscriber before it is dropped (3.2). Default 2,000. */
  readonly writeDeadlineMs: number
  /** How long a send into a name with a TAB, CR or LF hangs (3.4). Default 120,000. */
  readonly publishAckMs: number
  /** Calls that this server does not know, as `QueuesInfo` is not known to version 3. Default none. */
  readonly without: readonly string[]
}

const MEASURED: Quirks = {
  seed: 1,
  unanswered: 1 / 5_000,
  lost: 3 / 10_000,
  doubled: 1 / 100,
  lingering: 1 / 100,
  hides: 0,
  crashes: 1 / 12,
  token: '',
  settleMs: 'measured',
  storesAfterMs: 0,
  maxBytes: 104_857_600,
  buffered: 100,
  writeDeadlineMs: 2_000,
  publishAckMs: 120_000,
  without: [],
}

/** A server that does nothing by chance: what it loses or leaves out, it always does. */
export const CALM: Partial<Quirks> = { unanswered: 0, lost: 0, doubled: 0, lingering: 0, crashes: 0 }

export function withQuirks(some: Partial<Quirks>, base: Quirks = MEASURED): Quirks {
  return { ...base, ...some }
}
