import { Mailbox } from '../runtime/mailbox.js'
import type { Runtime } from '../runtime/runtime.js'
import type { ClientEvent } from './happenings.js'

/** An event without its time; each kind keeps its own fields. */
export type News = ClientEvent extends infer Event ? (Event extends ClientEvent ? Omit<Event, 'at'> : never) : never

/** What one reader may be behind; then the oldest events go. */
const MAX_BEHIND = 1_000

/** The client's one stream of what happened. Each reader has its own bounded place in it. */
export class Events {
  readonly #runtime: Runtime
  readonly #readers = new Set<Mailbox<ClientEvent>>()

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  emit(news: News): void {
    if (this.#readers.size === 0) return
    const event = { at: this.#runtime.wall(), ...news } as ClientEvent
    for (const reader of this.#readers) reader.push(event)
  }

  /** Iterates what happens from the call on. */
  watch(signal: AbortSignal | undefined): AsyncIterable<ClientEvent> {
    const mailbox = new Mailbox<ClientEvent>({ limit: MAX_BEHIND, overflow: 'drop-oldest' })
    const leave = (): void => {
      signal?.removeEventListener('abort', leave)
      this.#readers.delete(mailbox)
      mailbox.end()
    }
    if (signal?.aborted) mailbox.end()
    else this.#readers.add(mailbox)
    signal?.addEventListener('abort', leave)
    const iterator: AsyncIterator<ClientEvent> = {
      next: () => mailbox.next(),
      return: () => {
        leave()
        return mailbox.return()
      },
    }
    return { [Symbol.asyncIterator]: () => iterator }
  }

  close(): void {
    for (const reader of this.#readers) reader.end()
    this.#readers.clear()
  }
}
