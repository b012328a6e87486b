import type { Delivery, Headers } from '@spanwire/driver'
import type { Arrived } from '../arrival/arrival.js'
import { parseId } from '../arrival/identity.js'
import { AGAIN } from '../departure/outgoing.js'
import { REMOVED } from './headers.js'

/** A message as it came in, with what its id and our headers say. */
export class Taken implements Arrived<Taken> {
  readonly delivery: Delivery
  readonly site: string
  readonly source: string | undefined
  readonly seq: number
  readonly timeMs: number
  readonly again: boolean
  /** A tombstone. */
  readonly removed: boolean

  /** `last`: the source of the message before it. */
  constructor(delivery: Delivery, site: string, last?: string) {
    const identity = parseId(delivery.id, last)
    this.delivery = delivery
    this.site = site
    this.source = identity?.source
    this.seq = identity?.seq ?? 0
    this.timeMs = identity?.timeMs ?? delivery.timeMs ?? 0
    // Asked for once: what it costs is the driver's affair.
    const headers = delivery.headers()
    this.again = headers.length > 0 && has(headers, AGAIN)
    this.removed = headers.length > 0 && has(headers, REMOVED)
  }

  get id(): string | undefined {
    return this.delivery.id
  }

  get bytes(): number {
    return this.delivery.body.length
  }

  get message(): Taken {
    return this
  }
}

function has(headers: Headers, name: string): boolean {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return true
  return false
}
