import { randomBytes } from 'node:crypto'
import type { Client } from '@spanwire/core'
import { afterAll, describe, it } from 'vitest'
import { endings } from './endings.js'
import type { ClientHarness, Promised } from './harness.js'
import { queues } from './queues.js'
import { topics } from './topics.js'

/** Everything that the client promises over any driver. */
export const promises: readonly Promised[] = [...topics, ...queues, ...endings]

const LIMIT_MS = 30_000

/** Declares the suite of the client's promises for one driver: one `it` per promise; what the engine cannot show is skipped with its reason. */
export function describeClient(name: string, harness: ClientHarness): void {
  describe(`the client over ${name}`, { sequential: true }, () => {
    const run = randomBytes(4).toString('hex')
    let names = 0
    afterAll(() => harness.dispose?.())
    for (const promise of promises) {
      it(promise.title, { timeout: LIMIT_MS }, async (context) => {
        const reason = lacking(promise, harness)
        if (reason !== undefined) context.skip(reason)
        const clients: Client[] = []
        const client = async (): Promise<Client> => {
          const made = await harness.client()
          clients.push(made)
          return made
        }
        names += 1
        let channels = 0
        const channel = (): string => `p${run}.${names}.c${++channels}`
        try {
          await promise.run({ harness, name: channel, client })
        } finally {
          await Promise.all(clients.map((one) => one.close({ timeout: '1s' })))
        }
      })
    }
  })
}

function lacking({ needs }: Promised, { can = {}, restart }: ClientHarness): string | undefined {
  if (needs === undefined) return undefined
  if (needs === 'restart') return restart === undefined ? 'the harness cannot restart its engine' : undefined
  return can[needs] === false ? `the engine lacks: ${needs}` : undefined
}
