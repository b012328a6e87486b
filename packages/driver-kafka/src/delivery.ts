import type { Delivery, Headers } from '@spanwire/driver'
import type { Settlement } from '@spanwire/driver/kit'
import { notHeld } from './errors.js'
import type { KafkaRecord } from './port/reading.js'
import { textOfPosition } from './position.js'
import { headersOf, idOf } from './record.js'
import { behind } from './unread.js'

/** Who keeps book of deliveries that are to be settled. */
export interface Keeper {
  has(delivery: KafkaDelivery): boolean
  settle(delivery: KafkaDelivery, how: Settlement): Promise<void>
  extend(delivery: KafkaDelivery): Promise<void>
}

/** Records that came one behind the other from one partition. */
export interface Run {
  readonly partition: number
  /** How far the reader had come everywhere before them; absent: it has no positions. */
  readonly before?: { readonly log: string; readonly offsets: readonly number[] }
  /** Absent: nothing is to be settled. */
  readonly keeper?: Keeper
}

const EMPTY = new Uint8Array()

/** A record of the port. Its headers are looked at when somebody asks. */
export class KafkaDelivery implements Delivery {
  readonly path: string
  readonly body: Uint8Array
  readonly record: KafkaRecord
  readonly run: Run
  readonly attempt: number

  constructor(run: Run, record: KafkaRecord, path: string, attempt: number = 1) {
    this.run = run
    this.record = record
    this.path = path
    this.body = record.value ?? EMPTY
    this.attempt = attempt
  }

  get id(): string | undefined {
    return idOf(this.record)
  }

  get timeMs(): number {
    return this.record.timeMs
  }

  get held(): boolean {
    return this.run.keeper?.has(this) ?? false
  }

  headers(): Headers {
    return headersOf(this.record)
  }

  position(): string | undefined {
    const { before, partition } = this.run
    if (before === undefined) return undefined
    return textOfPosition({ log: before.log, offsets: before.offsets.with(partition, behind(this.record)) })
  }

  settle(how: Settlement): Promise<void> {
    return this.run.keeper?.settle(this, how) ?? Promise.reject(notHeld())
  }

  extend(): Promise<void> {
    return this.run.keeper?.extend(this) ?? Promise.reject(notHeld())
  }
}
