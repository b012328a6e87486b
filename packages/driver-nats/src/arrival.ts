import { type ConsumerInfo, findConsumer } from './consumers.js'
import type { Wire } from './wire.js'

/** Patience with what is on its way when a member of a group leaves, and between two looks at it. */
const PATIENCE_MS = 1_000
const LOOK_MS = 25
/** Looks in a row at which nothing has moved: nothing is on its way to us. More of them where others may hold what is unsettled. */
const QUIET = 1
const QUIET_BESIDE_OTHERS = 10

/** What a member knows of itself. */
export interface Expecting {
  /** So many more it may get from what it asked for. */
  readonly coming: number
  /** So many it has and has not settled. */
  readonly held: number
}

/**
 * Resolves when what the consumer's leader gave to this member is here, as far as that can be known. In a cluster a delivery that
 * is between two servers when we unsubscribe is with nobody until its lease is over; a single server loses none.
 */
export async function arrival(
  wire: Wire,
  consumer: string,
  member: () => Expecting,
  until: AbortSignal,
): Promise<void> {
  if (!wire.nc.info?.cluster) return
  const signal = AbortSignal.timeout(PATIENCE_MS)
  let before: ConsumerInfo | undefined
  for (let quiet = 0; member().coming > 0 && !signal.aborted && !until.aborted; ) {
    const now = await findConsumer(wire, consumer, signal).catch(() => undefined)
    if (now === undefined) return
    quiet = now.delivered.consumer_seq === before?.delivered.consumer_seq ? quiet + 1 : 0
    if (quiet >= (now.num_ack_pending <= member().held ? QUIET : QUIET_BESIDE_OTHERS)) return
    before = now
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
