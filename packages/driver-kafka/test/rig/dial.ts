import type { Endpoint, Link } from '@spanwire/driver'
import { onTestFinished } from 'vitest'
import { type LinkOptions, linkBy, patience } from '../../../driver/test/talk.js'
import { type KafkaOptions, kafka } from '../../src/index.js'

export interface Dial extends LinkOptions {
  readonly driver?: KafkaOptions
}

/** A link, closed when the test ends. */
export async function dial(endpoints: readonly Endpoint[], { driver, ...how }: Dial = {}): Promise<Link> {
  const link = await linkBy(kafka({ partitions: 3, sessionMs: 3_000, ...driver }), endpoints, how)
  onTestFinished(() => link.close(patience(1_000)))
  return link
}
