import { type BareClient, resume, suspend } from '@spanwire/core'

/** What of a page its client lives by: `document` and `window` of any browser. */
export interface Page {
  readonly document: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>
  readonly window: Pick<Window, 'addEventListener' | 'removeEventListener'>
}

/** Where a page stands. `away`: in the back/forward cache, or on its way out. */
export type PageState = 'visible' | 'hidden' | 'away'

/** What happens to it. `turned`: its visibility changed. */
export type PageEvent = 'pagehide' | 'pageshow' | 'turned' | 'online'

/** Where the page stands after `event`. Pure. Browsers also hide a page after `pagehide`; only `pageshow` brings it back. */
export function step(state: PageState, event: PageEvent, visible: boolean): PageState {
  if (event === 'pagehide') return 'away'
  if (state === 'away' && event !== 'pageshow') return 'away'
  return visible ? 'visible' : 'hidden'
}

/**
 * Suspends the client while the page is away, because browsers do not cache a page with an open socket and end the sockets
 * of one that they do; dials at once when it is shown again or the network is back; asks for `hiddenRate` updates a second
 * and key while it is hidden. The result removes the listeners.
 */
export function followPage(client: BareClient, { document, window }: Page, hiddenRate: number): () => void {
  let state: PageState = 'visible'
  const on = (event: PageEvent): void => {
    const before = state
    state = step(before, event, document.visibilityState === 'visible')
    if (state === 'away') {
      // A page that is frozen now cannot wait for it; it is told the next time that it is shown.
      if (before !== 'away') void suspend(client)
    } else if (state !== before || event === 'online') {
      resume(client, state === 'hidden' && hiddenRate < Infinity ? { maxRate: hiddenRate } : {})
    }
  }
  const listeners = EVENTS.map((event) => [event, () => on(event)] as const)
  const turned = (): void => on('turned')
  document.addEventListener('visibilitychange', turned)
  for (const [name, listener] of listeners) window.addEventListener(name, listener)
  on('turned')
  return () => {
    document.removeEventListener('visibilitychange', turned)
    for (const [name, listener] of listeners) window.removeEventListener(name, listener)
  }
}

const EVENTS = ['pagehide', 'pageshow', 'online'] as const
