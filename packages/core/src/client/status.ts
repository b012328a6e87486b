import { MessagingError } from '@spanwire/driver'
import { marksSpec } from '../departure/marks.js'
import type { Runtime } from '../runtime/runtime.js'
import { isDenied } from '../session/channels.js'
import type { Session } from '../session/session.js'
import type { BareClient } from './api.js'
import { type Context, contextOf } from './context.js'
import type { Status } from './happenings.js'
import { troubleOf } from './trouble.js'

/** A frozen picture of this moment, without secrets. */
export function status(client: BareClient): Status {
  const context = contextOf(client)
  const { intakes, sessions } = context
  const slow = context.slow?.()
  return Object.freeze({
    generation: context.routing.generation,
    sites: [...sessions.values()].map((session) => siteStatus(session, context.runtime, slow?.get(session.site))),
    ...(context.departures?.status() ?? NOTHING_LEFT),
    subscriptions: [...intakes].flatMap((intake) => {
      const inner = intake.subscription?.()
      return inner === undefined ? [] : [{ channel: intake.channel, ...inner }]
    }),
    unmarked: unmarked(context),
  })
}

const NOTHING_LEFT: Pick<Status, 'outbox' | 'retained'> = {
  outbox: { messages: 0, bytes: 0 },
  retained: { messages: 0, bytes: 0, spanMs: 0, cut: false },
}

/** Of the topics that are read and published. */
function unmarked({ departures, marks, sessions }: Context): Status['unmarked'] {
  const topics = new Set([...marks.keys(), ...(departures?.tellers.keys() ?? [])])
  return [...topics].flatMap((topic) => {
    const attachments = marks.get(topic)?.attachments
    const told = departures?.tellers.get(topic)?.sites ?? []
    return [...sessions.values()].flatMap((session) => {
      const { site } = session
      const attached = attachments?.get(site)?.state
      if (attached === undefined && !told.includes(site)) return []
      const place = session.channel(marksSpec(topic))
      const error = attached?.at === 'refused' ? attached.error : place.at === 'refused' ? place.error : undefined
      return error !== undefined && isDenied(error) ? [{ topic, site, reason: error.message }] : []
    })
  })
}

function siteStatus(session: Session, runtime: Runtime, slow: string | undefined): Status['sites'][number] {
  const { link, site, state } = session
  const cause = 'cause' in state ? state.cause : undefined
  return {
    name: site,
    engine: link === undefined ? '' : `${link.engine.name} ${link.engine.version}`.trim(),
    state: state.at,
    since: 'since' in state ? state.since : 0,
    endpoint: 'endpoint' in state ? state.endpoint : undefined,
    attempt: 'attempt' in state ? state.attempt : 0,
    rttMs: 'rttMs' in state ? state.rttMs : undefined,
    trouble: troubleOf(session, runtime.now()) ?? slow,
    outage: outageOf(session, runtime),
    error: cause === undefined ? undefined : { code: cause.code, message: sentence(cause) },
  }
}

function outageOf({ state }: Session, runtime: Runtime): Status['sites'][number]['outage'] {
  if (!('outage' in state) || !state.outage) return undefined
  const { count, detected, firstSign } = state.outage
  const wall = (at: number): number => Math.round(runtime.wall() - (runtime.now() - at))
  return { firstSignAt: wall(firstSign), detectedAt: wall(detected), count }
}

/** What happened and, when one of ours stands behind it, why. */
function sentence(error: MessagingError): string {
  const { cause, message } = error
  return MessagingError.is(cause) && !message.includes(cause.message) ? `${message}: ${sentence(cause)}` : message
}
