import { MessagingError } from '@spanwire/driver'
import type { Session } from '../session/session.js'
import type { Context } from './context.js'
import type { Status } from './happenings.js'

/** A frozen picture of this moment, without secrets. */
export function status(context: Context): Status {
  const { intakes, retained, room, sessions } = context
  return Object.freeze({
    generation: context.generation,
    sites: [...sessions.values()].map(siteStatus),
    outbox: { messages: room.messages, bytes: room.bytes },
    retained: retained.status(),
    subscriptions: [...intakes].flatMap((intake) => {
      const inner = intake.subscription?.()
      return inner === undefined ? [] : [{ channel: intake.channel, ...inner }]
    }),
  })
}

function siteStatus(session: Session): Status['sites'][number] {
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
    error: cause === undefined ? undefined : { code: cause.code, message: sentence(cause) },
  }
}

/** What happened and, when one of ours stands behind it, why. */
function sentence(error: MessagingError): string {
  return MessagingError.is(error.cause) ? `${error.message}: ${sentence(error.cause)}` : error.message
}
