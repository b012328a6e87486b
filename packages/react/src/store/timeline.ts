import type { ClientEvent } from '@spanwire/core'

/** What tells the story of an outage: sites going and coming, lanes moving, and what it did to messages. */
export type FailoverEvent = Extract<
  ClientEvent,
  { readonly type: 'site' | 'moved' | 'gap' | 'gap-closed' | 'lost' | 'offered-again' }
>

/** Dials that fail again and again while a site is away are no news. `gap` includes what becomes of it. */
export function isFailover(event: ClientEvent): event is FailoverEvent {
  if (event.type === 'site') return /up|suspect|draining|disabled/.test(event.from + event.to)
  return /^(moved|gap|lost|offered)/.test(event.type)
}
