import type { Delivery } from '@spanwire/driver'
import type { Arrived } from '../arrival/arrival.js'
import { parseId } from '../arrival/identity.js'
import { AGAIN } from '../departure/outgoing.js'
import { header } from './headers.js'

/** A message as it came in, with what its id says. */
export class Taken implements Arrived<Taken> {
  readonly delivery: Delivery
  readonly site: string
  readonly id: string | undefined
  readonly source: string | undefined
  readonly seq: number
  readonly timeMs: number
  readonly again: boolean
  readonly bytes: number

  constructor(delivery: Delivery, site: string) {
    const identity = parseId(delivery.id)
    this.delivery = delivery
    this.id = delivery.id
    this.site = site
    this.source = identity?.source
    this.seq = identity?.seq ?? 0
    this.timeMs = identity?.timeMs ?? delivery.timeMs ?? 0
    this.again = header(delivery, AGAIN) !== undefined
    this.bytes = delivery.body.length
  }

  get message(): Taken {
    return this
  }
}
