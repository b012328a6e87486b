import { type Link, MessagingError } from '@spanwire/driver'
import type { SessionEvent, SessionState } from './state.js'

export interface StepCase {
  readonly name: string
  readonly state: SessionState
  readonly event: SessionEvent
  /** `same`: the event means nothing here, and the state is the very same value. */
  readonly becomes: SessionState | 'same'
}

/** Two links that are never asked anything: `step` only passes them on. */
export const someLink: Link = inertLink()
export const otherLink: Link = inertLink()

export const gone: MessagingError = new MessagingError('unavailable', 'Connection reset by mq-0:50000.')
export const denied: MessagingError = new MessagingError('unauthenticated', 'The token for mq-0:50000 has expired.')
export const badCertificate: MessagingError = new MessagingError('unavailable', 'Unknown authority.', {
  retryable: false,
})
export const busy: MessagingError = new MessagingError('overloaded', 'Accept queue is full.', { retryAfterMs: 4_000 })

function inertLink(): Link {
  const never = new Promise<never>(() => {})
  return {
    engine: { name: 'inert', version: '0' },
    draining: never,
    ended: never,
    open: () => never,
    probe: () => never,
    close: () => never,
  }
}
