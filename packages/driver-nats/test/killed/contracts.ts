import { json, queue, type StandardSchema, topic } from '@spanwire/core'

export interface Numbered {
  readonly n: number
}

const schema = json as StandardSchema<Numbered>

export const events = topic('events', schema, { delivery: 'durable' })
/** A worker that is killed has its jobs until the lease is over. */
export const jobs = queue('jobs', schema, { lease: '1s' })
/** Jobs in the worker's hands at once. */
export const CONCURRENCY = 4
