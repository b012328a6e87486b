import type { Body, Headers, Outgoing } from '@spanwire/driver'
import type { Ack } from './message.js'

/** What a publisher handed in, encoded and checked. */
export type Content = { readonly [Name in keyof Omit<Outgoing, 'id'>]: Outgoing[Name] | undefined } & {
  readonly path: string
  readonly body: Body
}

/**
 * A message as drivers take it: handed over as it is, and kept for a while, to be sent again to another site when one is
 * lost. One object for all of that; what leads back to us is private, for a driver may copy what it sees.
 */
export class Letter implements Outgoing {
  /** '' until its first hand-over; brought along by what only passes through. A stranger's stays without (I19). */
  declare id?: string
  readonly path: string
  /** Where memory is counted, a text has a byte a character: to count its UTF-8 takes longer than most of a publish. */
  readonly body: Body
  declare readonly key?: string
  declare readonly headers?: Headers
  declare readonly delayMs?: number
  declare readonly ttlMs?: number
  /** 0: not handed over yet. */
  seq = 0
  #ack: Ack | undefined

  /** What it lacks is no property of it. */
  constructor({ path, body, key, headers, delayMs, ttlMs }: Content, id: string | undefined) {
    if (id !== undefined) this.id = id
    this.path = path
    this.body = body
    if (key !== undefined) this.key = key
    if (headers?.length) this.headers = headers
    if (delayMs !== undefined) this.delayMs = delayMs
    if (ttlMs !== undefined) this.ttlMs = ttlMs
  }

  /** The last acknowledgement. */
  get ack(): Ack | undefined {
    return this.#ack
  }

  set ack(ack: Ack | undefined) {
    this.#ack = ack
  }
}
