import type { Runtime } from '../runtime/runtime.js'
import type { ClientEvent } from './happenings.js'

/** An event without its time; each kind keeps its own fields. */
export type News = ClientEvent extends infer Event ? (Event extends ClientEvent ? Omit<Event, 'at'> : never) : never

/** Who is told what happened; bounds what waits for it. */
interface EventReader {
  push(event: ClientEvent): unknown
  end(): void
}

/** The client's one stream of what happened. Each reader has its own bounded place in it. */
export class Events {
  readonly readers: Set<EventReader> = new Set()
  readonly #runtime: Runtime

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  emit(news: News): void {
    if (this.readers.size === 0) return
    const event = { at: this.#runtime.wall(), ...news } as ClientEvent
    for (const reader of this.readers) reader.push(event)
  }

  close(): void {
    for (const reader of this.readers) reader.end()
    this.readers.clear()
  }
}
