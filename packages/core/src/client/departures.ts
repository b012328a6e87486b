import type { MessagingError } from '@spanwire/driver'
import type { Outbox } from '../departure/outbox.js'
import { Retained } from '../departure/retained.js'
import { Room } from '../departure/room.js'
import type { Teller } from '../departure/teller.js'
import { Ticks } from '../departure/ticks.js'
import type { SessionChange } from '../session/listeners.js'
import { healthOf } from '../session/site-view.js'
import { linkOf } from '../session/state.js'
import type { Context } from './context.js'
import { Failback } from './failback.js'
import type { Status } from './happenings.js'
import { Standby } from './standby.js'

/** All that a client has on its way out. */
export interface Departures {
  /** By what `keyOf` makes of the contract. */
  readonly outboxes: Map<string, Outbox>
  /** By name of the topic. */
  readonly tellers: Map<string, Teller>
  readonly ticks: Ticks
  readonly retained: Retained
  readonly room: Room
  /** Lanes that left a site since it came up. */
  readonly left: Map<string, number>
  readonly returns: Failback
  /** Nothing waits, nothing flies, nothing is about to be offered again. */
  readonly empty: boolean
  status(): Pick<Status, 'outbox' | 'retained'>
  /** Says to all sites that nothing more will come. Resolves when they have heard it, at the latest after a second or when it is cut. */
  sayEnd(cut: AbortSignal): Promise<void>
  /** Ends all that is still open with this error. */
  close(error: MessagingError): void
}

/** Made by the first verb that sends; from then on it follows the sites. */
export function departuresOf(context: Context): Departures {
  context.departures ??= begin(context)
  return context.departures
}

function begin(context: Context): Departures {
  const { runtime, sessions } = context
  const { maxBytes, maxMessages, overflow, retainBytes } = context.limits
  const outboxes = new Map<string, Outbox>()
  const tellers = new Map<string, Teller>()
  const ticks = new Ticks(runtime, TICK_MS)
  const retained = new Retained(runtime, retainBytes)
  const left = new Map<string, number>()
  const returns = new Failback(context, outboxes)
  const standby = new Standby(context, { left, outboxes })
  const room = new Room({ maxMessages, maxBytes, overflow })
  const stops = [...sessions.values()].map((session) =>
    session.onChange((change) => {
      const isRefused = 'to' in change && change.to.at === 'disabled'
      if ('channel' in change || isRefused || linkOf(change.from) !== linkOf(change.to))
        follow({ outboxes, retained, left }, session.site, change)
      else if (change.to.at === 'draining' && !change.to.moving)
        for (const outbox of outboxes.values()) outbox.leave(session.site)
      standby.follow(session.site, change)
      returns.follow(session.site, change)
      if ('to' in change && change.to.at === 'waiting' && isStranded({ outboxes, retained })) session.awaited()
    }),
  )
  return {
    outboxes,
    tellers,
    ticks,
    retained,
    room,
    left,
    returns,
    get empty() {
      for (const outbox of outboxes.values()) if (!outbox.empty) return false
      return room.isCalm && retained.settled
    },
    sayEnd: (cut) => sayEnd(context, { outboxes, tellers }, cut),
    status: () => ({ outbox: room.used, retained: retained.status() }),
    close(error) {
      room.close(error)
      for (const outbox of outboxes.values()) outbox.abandon(error)
      for (const teller of tellers.values()) teller.close()
      ticks.close()
      retained.close()
      returns.close()
      standby.close()
      for (const stop of stops) stop()
    },
  }
}

const END_MS = 1_000
const TICK_MS = 1_000

function sayEnd(
  { runtime }: Context,
  { outboxes, tellers }: Pick<Departures, 'outboxes' | 'tellers'>,
  cut: AbortSignal,
): Promise<void> {
  if (cut.aborted) return Promise.resolve()
  const said = [...tellers].map(([name, teller]) => teller.end(outboxes.get(name)?.lanes ?? []))
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      cut.removeEventListener('abort', done)
      resolve()
    }
    const cancel = runtime.after(END_MS, done)
    cut.addEventListener('abort', done)
    void Promise.all(said).then(done)
  })
}

/** Something waits that no site takes which is reached now. */
function isStranded({ outboxes, retained }: Pick<Departures, 'outboxes' | 'retained'>): boolean {
  return retained.waits || [...outboxes.values()].some((outbox) => outbox.isStranded)
}

/** The lanes and retained messages follow their sites. */
function follow(
  { left, outboxes, retained }: Pick<Departures, 'outboxes' | 'retained' | 'left'>,
  site: string,
  change: SessionChange,
): void {
  for (const outbox of outboxes.values()) outbox.follow(site)
  if ('channel' in change) {
    retained.back(site, false)
    return
  }
  const { from, to } = change
  const isBack = 'link' in to
  if (isBack && !('link' in from)) {
    left.delete(site)
    retained.back(site, true)
  }
  // A site that refuses us has lost nothing, and nobody has to take its place.
  if (isBack || to.at === 'idle' || healthOf(to) === 'disabled') return
  retained.lost(site)
}
