import type { ClientEvent } from '@spanwire/core'
import { report } from './failure.js'
import type { Store } from './store.js'

/** What tells the story of an outage: sites going and coming, lanes moving, and what it did to messages. */
export type FailoverEvent = Extract<
  ClientEvent,
  { readonly type: 'site' | 'moved' | 'gap' | 'gap-closed' | 'lost' | 'offered-again' }
>

/** The last events, drawn once per pass; each is told at once. */
export class Timeline {
  limit = 0
  tell: (event: FailoverEvent) => void = () => {}
  readonly subscribe: (changed: () => void) => () => void
  #events: readonly FailoverEvent[] = []
  #changed: () => void = () => {}

  constructor(store: Store) {
    this.subscribe = (changed) => {
      this.#changed = changed
      return store.events.listen((event) => {
        if (!isFailover(event)) return
        if (this.limit > 0) {
          this.#events = [...this.#events, event].slice(-this.limit)
          store.later(this.#pass)
        }
        try {
          this.tell(event)
        } catch (error) {
          report(error)
        }
      })
    }
  }

  readonly read = (): readonly FailoverEvent[] => this.#events

  readonly #pass = (): void => this.#changed()
}

/** Dials that fail again and again while a site is away are no news. */
function isFailover(event: ClientEvent): event is FailoverEvent {
  switch (event.type) {
    case 'site':
      return ATTACHED.has(event.from) || ATTACHED.has(event.to) || event.to === 'disabled'
    case 'moved':
    case 'gap':
    case 'gap-closed':
    case 'lost':
    case 'offered-again':
      return true
    default:
      return false
  }
}

const ATTACHED: ReadonlySet<string> = new Set(['up', 'suspect', 'draining'])
