import type { Answer } from '@spanwire/driver'
import type { Item } from './agenda.js'
import type { Desk } from './desk.js'
import type { Entry } from './entry.js'
import type { Standing } from './line.js'

/** What became of a job. `expired`: not taken, or not answered, in time. `lost`: its consumer went away with it. `nobody`: the last one left before it was taken. */
export type JobEnd =
  | { readonly by: 'ack' }
  | { readonly by: 'answer'; readonly answer: Answer }
  | { readonly by: 'expired'; readonly taken: boolean }
  | { readonly by: 'lost' }
  | { readonly by: 'nobody' }

/** A message that one of many shall handle. */
export class Job implements Item, Standing<Job> {
  due = 0
  slot = -1
  before: Job | undefined = undefined
  behind: Job | undefined = undefined
  index: number
  attempts = 0
  /** What it keeps its order with; undefined: with nothing. */
  readonly key: string | undefined
  /** `waiting`: in line. `parked`: behind another of its key. `later`: delayed, or to be tried again. `taken`: with a consumer. */
  state: 'new' | 'waiting' | 'parked' | 'later' | 'taken' | 'done' = 'new'
  readonly desk: Desk
  readonly entry: Entry
  /** Somebody waits for its end: who sent a request. */
  readonly told: ((end: JobEnd) => void) | undefined

  constructor(desk: Desk, entry: Entry, index: number, key: string | undefined, told?: (end: JobEnd) => void) {
    this.desk = desk
    this.entry = entry
    this.index = index
    this.key = key
    this.told = told
  }

  fire(): void {
    this.desk.onDue(this)
  }
}
