import type { Flags } from '../arrival/arrival.js'
import type { Topic } from '../contract/contract.js'
import { paramsOf } from '../contract/template.js'
import type { Message } from './api.js'
import { userHeaders } from './headers.js'
import type { Taken } from './taken.js'

/** A message for the application; what costs is made when asked for. */
export class Received implements Message {
  readonly value: unknown
  readonly taken: Taken
  /** Came later, perhaps from another site. An earlier copy than this comes again, should it not be settled. */
  copy: Taken | undefined
  readonly #topic: Topic
  readonly #flags: Flags

  constructor(topic: Topic, value: unknown, taken: Taken, flags: Flags) {
    this.value = value
    this.taken = taken
    this.#topic = topic
    this.#flags = flags
  }

  get params(): Readonly<Record<string, string>> {
    return paramsOf(this.#topic, this.taken.delivery.path)
  }
  get path(): string {
    return this.taken.delivery.path
  }
  get site(): string {
    return this.taken.site
  }
  get source(): string | undefined {
    return this.taken.source
  }
  get seq(): number | undefined {
    return this.taken.source === undefined ? undefined : this.taken.seq
  }
  get timeMs(): number | undefined {
    return this.taken.source === undefined ? this.taken.delivery.timeMs : this.taken.timeMs
  }
  get late(): boolean {
    return this.#flags.late
  }
  /** To a group its engine tells as well that somebody else had it. */
  get again(): boolean {
    return this.taken.again || this.taken.delivery.attempt > 1
  }
  get uncertain(): boolean {
    return this.#flags.uncertain
  }
  get headers(): Readonly<Record<string, string>> {
    return userHeaders(this.taken.delivery.headers())
  }
}
