import { type Member, obeying } from '@spanwire/driver/kit'
import { aborted } from './errors.js'
import type { Wire } from './wire.js'

/**
 * So long after it has read a subscription the server may still miss what others send: it confirms none. Measured: 10 ms and less.
 * A busy server takes longer, and shows it by how long a ping takes.
 */
const SETTLE_MS = 20
const SETTLE_PINGS = 4

/** What proves that a subscription is in place, or refused, and how long to wait for it where the server can give no proof. */
export interface Proof {
  readonly by: Promise<void>
  readonly withinMs?: number
}

/** Resolves when subscriptions that were made in this turn are in place, as far as that can be known. */
export async function settled(wire: Wire, signal: AbortSignal, what: string, proof: Proof): Promise<void> {
  if (wire.over) throw wire.over
  if (signal.aborted) throw aborted(signal, what)
  let timer: NodeJS.Timeout | undefined
  let member: Member | undefined
  const over = new Promise<never>((_, reject) => {
    member = { end: reject }
    wire.members.add(member)
  })
  const elapsed = async (): Promise<void> => {
    const since = performance.now()
    await wire.ping(signal, what)
    const settleMs = Math.max(SETTLE_MS, SETTLE_PINGS * (performance.now() - since))
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, proof.withinMs ?? settleMs)
    })
    // What the server has sent meanwhile comes before this answer, also where this process stood still.
    await wire.ping(signal, what)
  }
  try {
    await obeying(signal, () => aborted(signal, what), Promise.race([over, elapsed(), proof.by]))
  } finally {
    clearTimeout(timer)
    if (member) wire.members.delete(member)
  }
}
