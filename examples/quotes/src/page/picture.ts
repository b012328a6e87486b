import { useSyncExternalStore } from 'react'
import type { Action, EngineAction, Picture } from '../picture.js'
import type { SiteName } from '../routes.js'

/** The processes as start.js shows them, and its buttons. */

let now: Picture | undefined
const listeners = new Set<() => void>()

/** Starts to follow; once, for the life of the page. */
export function followPicture(): void {
  const source = new EventSource('/api/picture')
  source.addEventListener('message', (event) => {
    const next = JSON.parse(String(event.data)) as Picture
    // Another start has other days, tokens and ports: nothing of this page is true any more.
    if (now && now.run !== next.run) location.reload()
    now = next
    for (const listener of listeners) listener()
  })
}

export function usePicture(): Picture | undefined {
  return useSyncExternalStore(listen, () => now)
}

export async function act(site: SiteName, action: Action): Promise<void> {
  await fetch(`/api/sites/${site}/${action}`, { method: 'POST' })
}

export async function actOnEngine(site: SiteName, action: EngineAction): Promise<void> {
  await fetch(`/api/engines/${site}/${action}`, { method: 'POST' })
}

export async function tellFeed(what: 'storm' | 'finish'): Promise<void> {
  await fetch(`/api/feed/${what}`, { method: 'POST' })
}

function listen(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
