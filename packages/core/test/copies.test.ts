import { createEngine, memory } from '@spanwire/driver-memory'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createClient, json, primary, queue, type StandardSchema } from '../src/index.js'

type N = { readonly n: number }

const here = { environment: 'on-prem' } as const
const orders = queue('orders', json as StandardSchema<N>)

/** Two sites, and who puts a job into one of them under an identity of its choice. */
async function stage() {
  const engines = { a: createEngine(), b: createEngine() }
  const sites = Object.fromEntries(
    Object.entries(engines).map(([name, engine]) => [
      name,
      { location: here, driver: memory(engine), endpoints: [name] },
    ]),
  )
  const client = createClient({ here, sites, routes: [{ match: '>', policy: primary('a', 'b') }] })
  onTestFinished(() => client.close({ timeout: '200ms' }))
  const put = async (site: 'a' | 'b', seq: number): Promise<void> => {
    const options = { client: 'x', nonce: 'A'.repeat(16), missing: 'create' } as const
    const credentials = async () => ({ by: 'none' }) as const
    const link = await memory(engines[site]).connect([site], { ...options, credentials }, AbortSignal.timeout(1_000))
    const channel = await link.open(orders.spec, AbortSignal.timeout(1_000))
    const id = `${'A'.repeat(16)}-1.${seq}.1790000000000`
    await new Promise((resolve) =>
      channel.send([{ id, path: '', body: `{"n":${seq}}` }], (_, outcome) => resolve(outcome)),
    )
    await link.close(AbortSignal.timeout(1_000))
  }
  return { client, put }
}

describe('a job of which two sites have a copy', () => {
  it('is run once by a consumer that is given the second while it runs the first', async () => {
    const { client, put } = await stage()
    const runs: number[] = []
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const markers = new Set<string>()
    const both = new Promise<void>((resolve) => {
      client.consume(
        orders,
        async ({ n }, { site }) => {
          if (n === 1) {
            runs.push(n)
            await released
          } else if (markers.add(site).size === 2) resolve()
        },
        { concurrency: 8 },
      )
    })
    await put('a', 1)
    await put('b', 1)
    // Behind both copies at each site: given while the first still runs.
    await put('a', 2)
    await put('b', 3)
    await both
    expect(runs).toEqual([1])
    release()
    await client.close({ timeout: '1s' })
    expect(runs).toEqual([1])
  })

  it('is run by the second copy when the first failed', async () => {
    const { client, put } = await stage()
    const attempts: string[] = []
    const done = new Promise<void>((resolve) => {
      client.consume(
        orders,
        async (_, { site }) => {
          attempts.push(site)
          // The other copy is here by then.
          if (attempts.length === 1) {
            await put('b', 1)
            throw new Error('not yet')
          }
          resolve()
        },
        { concurrency: 8 },
      )
    })
    await put('a', 1)
    await done
    expect(attempts).toEqual(['a', 'b'])
  })
})
