import type { ChannelSpec, Delivery } from '@spanwire/driver'
import { createEngine, memory } from '@spanwire/driver-memory'
import { expect, it, onTestFinished } from 'vitest'
import { createClient, hop, primary } from '../src/index.js'
import { virtualRuntime } from '../src/runtime/virtual.js'

const here = { environment: 'on-prem' } as const
const JOBS: ChannelSpec = { name: 'jobs', params: 0, kind: 'queue', leaseMs: 300_000 }
const NEVER = new AbortController().signal

it('a consumer behind a hop leaves a site that the routes have left: when what lies there is done, and nothing came for 30 s', async () => {
  const runtime = virtualRuntime()
  const [a, b] = [createEngine({ clock: runtime }), createEngine({ clock: runtime })]
  const client = createClient({
    here,
    runtime,
    sites: {
      a: { location: here, driver: memory(a), endpoints: ['a'] },
      b: { location: here, driver: memory(b), endpoints: ['b'] },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
  })
  onTestFinished(async () => {
    const closed = client.close({ timeout: '10ms' })
    await runtime.advance(5_000)
    await closed
  })
  await runtime.advance(100)
  const opening = hop(client).open(JOBS, NEVER)
  await runtime.advance(100)
  const channel = await opening
  const attaching = channel.receive({}, { messages: 10, bytes: 1 << 20 }, NEVER)
  await runtime.advance(100)
  const reception = await attaching
  const got: Delivery[] = []
  void (async () => {
    for (let batch = await reception.next(); batch !== undefined; batch = await reception.next())
      got.push(...batch.deliveries)
  })()
  const put = async (body: string): Promise<void> => {
    channel.send([{ path: '', body, id: `AAAAAAAAAAAAAAAA-1.${got.length + 1}.1700000000000` }], () => undefined)
    await runtime.advance(100)
  }
  const readers = (engine: typeof a): number => engine.depths().find(({ name }) => name === 'jobs')?.receptions ?? 0
  await put('1')
  expect(got.map(({ body }) => String(body))).toEqual(['1'])
  expect([readers(a), readers(b)]).toEqual([1, 1])

  client.reroute([{ match: '>', policy: primary('b') }])
  await runtime.advance(120_000)
  // It is in work.
  expect([readers(a), readers(b)]).toEqual([1, 1])
  await got[0]?.settle('ack')
  await runtime.advance(20_000)
  expect([readers(a), readers(b)]).toEqual([1, 1])
  await runtime.advance(60_000)
  expect([readers(a), readers(b)]).toEqual([0, 1])
  await put('2')
  expect(got.map(({ body }) => String(body))).toEqual(['1', '2'])
  client.reroute([{ match: '>', policy: primary('a', 'b') }])
  await runtime.advance(100)
  expect([readers(a), readers(b)]).toEqual([1, 1])
})
