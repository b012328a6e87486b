import type { Link } from '@spanwire/driver'
import { Cuts } from '../runtime/cuts.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Load } from './sender.js'

/** Reads over a link that another one may take the place of. */
export interface Follower {
  /** Attaches there, then lets go here. Resolves when all that came is settled, or given back at the signal's abort. Never rejects. */
  follow(cut: AbortSignal): Promise<void>
}

export interface Leaving {
  readonly link: Link
  /** What is on its way over it. */
  readonly load: Load
  readonly followers: Iterable<Follower>
  readonly runtime: Runtime
  /** All that are let go of at the moment: aborted, they are cut. */
  readonly others: Set<Cuts>
}

/** What is still open after this is given up, if the engine has not said that the link works longer; it may end it any moment. */
export const RETIRE_MS = 10_000
/** How often it is looked whether all answers are here. */
const LOOK_MS = 25

/** Lets go of a link that another one has taken the place of: when who reads has gone along, and what was sent has been answered; `withinMs` at most. */
export async function retire({ followers, link, load, others, runtime }: Leaving, withinMs: number): Promise<void> {
  const cuts = new Cuts()
  others.add(cuts)
  const cancel = runtime.after(withinMs, () => cuts.abort())
  void link.ended.then(() => cuts.abort())
  // The other link is in use from the next turn on.
  await Promise.resolve()
  await Promise.all([...followers].map((one) => one.follow(cuts.add().signal)))
  while (load.inflight > 0 && !cuts.aborted) await new Promise<void>((resolve) => void runtime.after(LOOK_MS, resolve))
  await link.close(cuts.add().signal)
  cancel()
  others.delete(cuts)
}
