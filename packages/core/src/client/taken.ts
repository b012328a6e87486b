import type { Delivery } from '@spanwire/driver'
import type { Arrived } from '../arrival/arrival.js'
import { parseId } from '../arrival/identity.js'
import { AGAIN } from '../departure/outgoing.js'
import { among, REMOVED } from './headers.js'

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
    this.again = among(headers, AGAIN) !== undefined
    this.removed = among(headers, REMOVED) !== undefined
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
