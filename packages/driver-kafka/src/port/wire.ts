import type { KafkaConnect } from './port.js'

/** A client library, as far as a port needs it: what makes connections and lets them in. */
export interface Wire {
  readonly name: string
  /**
   * Resolves when the broker has let us in. Rejects with `KafkaError`: `NETWORK`, `TIMEOUT`, `TLS`, or what SASL was answered with.
   * On abort it leaves no socket and no timer. `onEnd` comes once, when the connection that was resolved with is no more.
   */
  dial(to: Dialled, options: KafkaConnect, signal: AbortSignal): Promise<RawLine>
}

export interface Dialled {
  readonly host: string
  readonly port: number
  onEnd(cause: Error | undefined): void
}

/** One connection that is let in. */
export interface RawLine {
  /** The head without tags, and this body; resolves with what follows the head of the answer, and never does once the line has ended. */
  send(api: number, version: number, body: Buffer): Promise<Buffer>
  /** At once: no socket and no timer remains. */
  destroy(): void
}
