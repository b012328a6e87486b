import { MessagingError } from '@spanwire/driver'
import { Cuts } from '../runtime/cuts.js'
import { type Duration, toMs } from '../runtime/duration.js'
import type { Context, Life } from './context.js'

const DEFAULT_MS = 10_000
/** How often a drain looks whether all is out. */
const LOOK_MS = 5

/** Drains in the phases of R59, cut at the deadline; what is left then has failed or is unknown. */
export async function close(context: Context, life: Life, timeout: Duration = DEFAULT_MS): Promise<void> {
  const { runtime } = context
  life.stage = 'closing'
  const cuts = new Cuts()
  const cancel = runtime.after(toMs(timeout, 'timeout'), () => cuts.abort())
  // (1, 2) Intake ends, handlers finish; they may publish and settle meanwhile.
  await Promise.all([...context.intakes].map((intake) => intake.stop(cuts.add().signal)))
  // (3) The outbox empties, lines complete, what is offered again gets through, requests are answered.
  await until(context, cuts, () => isOut(context))
  // (4) Who reads hears that no more will come.
  await context.departures?.sayEnd(cuts.add().signal)
  life.stage = 'closed'
  // (6) The rest settles: never handed over has failed, else it is unknown.
  context.departures?.close(new MessagingError('closed', 'the client was closed before a site took it'))
  // (7) Links, timers, sockets.
  for (const cancel of context.routing.earlier.values()) cancel()
  await Promise.all([...context.sessions.values()].map((session) => session.close(cuts.add().signal)))
  cancel()
  context.events.close()
  context.closed.resolve()
}

function isOut(context: Context): boolean {
  return context.asking.size === 0 && (context.departures?.empty ?? true)
}

/** Looks again and again: what it waits for ends in many places, and closing is rare. */
function until(context: Context, cuts: Cuts, check: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (cuts.aborted || check()) resolve()
      else context.runtime.after(LOOK_MS, look)
    }
    look()
  })
}
