import type { Body, Delivery, Headers, Outgoing } from '@spanwire/driver'
import { invalid } from './errors.js'

/** A sender may use its bytes again after the last report; texts cannot change. */
export function keep(body: Body): Body {
  return typeof body === 'string' ? body : new Uint8Array(body)
}

/** A message as the engine's own, for a batch that outlives its sender. */
export function keepAll(out: Outgoing): Outgoing {
  return { ...out, body: keep(out.body), ...(out.headers && { headers: out.headers.slice() }) }
}

/** What it takes in memory, near enough for bounds: a text counts its length. */
function weigh(out: Outgoing): number {
  let size = out.body.length + out.path.length
  if (out.headers !== undefined) for (const text of out.headers) size += text.length
  return size
}

/** Is body plus headers within so many bytes? Texts are counted in UTF-8, exactly only when it may matter. */
export function fits(out: Outgoing, maxBytes: number): boolean {
  if (weigh(out) * 3 <= maxBytes) return true
  let size = bytesOf(out.body)
  if (out.headers !== undefined) for (const text of out.headers) size += bytesOf(text)
  return size <= maxBytes
}

function bytesOf(body: Body): number {
  if (typeof body !== 'string') return body.length
  let size = body.length
  for (let at = 0; at < body.length; at++) {
    const unit = body.charCodeAt(at)
    // Half of a surrogate pair counts 2, the pair 4.
    if (unit >= 0x80) size += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return size
}

const NO_HEADERS: Headers = []

/**
 * A message that the engine holds. Where nothing is settled it is at the same time the delivery that every reader of
 * the topic gets: nothing in it differs between readers, and none may change it.
 */
export class Entry implements Delivery {
  readonly path: string
  readonly id: string | undefined
  readonly body: Body
  readonly timeMs: number
  readonly key: string | undefined
  readonly size: number
  /** When it is worthless, on the engine's monotonic clock. */
  readonly expiresAt: number
  readonly #headers: Headers | undefined
  /** The log that keeps it, and its place there. */
  readonly log: { readonly epoch: string } | undefined
  readonly index: number

  constructor(out: Outgoing, timeMs: number, now: number, log?: { readonly epoch: string }, index = -1) {
    this.path = out.path
    this.id = out.id
    this.body = keep(out.body)
    this.timeMs = timeMs
    this.key = out.key
    this.size = weigh(out)
    this.expiresAt = out.ttlMs === undefined ? Number.POSITIVE_INFINITY : now + out.ttlMs
    this.#headers = out.headers?.slice()
    this.log = log
    this.index = index
  }

  /** What the message keeps its order with among competing consumers. */
  get orderKey(): string | undefined {
    return this.key ?? (this.path === '' ? undefined : this.path)
  }

  get attempt(): number {
    return 1
  }

  get held(): boolean {
    return true
  }

  headers(): Headers {
    return this.#headers ?? NO_HEADERS
  }

  position(): string | undefined {
    return this.log === undefined ? undefined : `${this.log.epoch}:${this.index}`
  }

  settle(): Promise<void> {
    return Promise.reject(invalid('a delivery of a topic without a group has nothing to settle'))
  }

  extend(): Promise<void> {
    return Promise.reject(invalid('a delivery of a topic without a group has no lease'))
  }
}
