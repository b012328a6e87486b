import type { Client, ClientEvent } from '@spanwire/core'
import { type Hold, shared } from './shared.js'

/** One `client.watch()` for all who want to hear, open while anybody does. */
export class Events {
  readonly #listeners = new Set<(event: ClientEvent) => void>()
  readonly #hold: Hold

  constructor(client: () => Client) {
    this.#hold = shared(() => {
      const stop = new AbortController()
      // A watch ends with its client or by our signal; neither is news to who reads status.
      this.#pull(client(), stop.signal).catch(() => {})
      return () => stop.abort()
    })
  }

  listen(listener: (event: ClientEvent) => void): () => void {
    const letGo = this.#hold()
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      letGo()
    }
  }

  async #pull(client: Client, signal: AbortSignal): Promise<void> {
    for await (const event of client.watch({ signal })) {
      if (signal.aborted) return
      for (const listener of this.#listeners) listener(event)
    }
  }
}
