import type { Endpoint, Link } from '@spanwire/driver'
import { onTestFinished } from 'vitest'
import { type LinkOptions, linkBy } from '../../../driver/test/talk.js'
import { type NatsOptions, nats } from '../../src/index.js'

export interface Dial extends LinkOptions {
  readonly driver?: NatsOptions
}

/** A link, cut when the test ends. */
export async function dial(endpoint: Endpoint, { driver, ...how }: Dial = {}): Promise<Link> {
  const link = await linkBy(nats(driver), [endpoint], how)
  onTestFinished(() => link.close(AbortSignal.abort()))
  return link
}
