import { createClient, json, primary, queue, rpc, type StandardSchema, topic } from '@spanwire/core'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { websocket } from '@spanwire/driver-websocket'
import { allowAll, anonymous, createGateway, type Gateway } from '@spanwire/gateway'
import { expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'

const here = { environment: 'on-prem' } as const
const numbers = json as StandardSchema<{ n: number }>
const quotes = topic('quotes', numbers, { delivery: 'durable' })
const ticks = topic('ticks', numbers)
const orders = queue('orders', numbers)
const price = rpc('prices', numbers, numbers)

async function gatewayTo(engine: MemoryEngine): Promise<Gateway> {
  const made = await createGateway({
    upstream: () =>
      memory(engine).connect(
        ['memory'],
        { client: 'gateway', nonce: 'AAAAAAAAAAAAAAAA', missing: 'create', credentials: async () => ({ by: 'none' }) },
        new AbortController().signal,
      ),
    listen: { port: 0 },
    authenticate: anonymous,
    authorize: allowAll,
  })
  onTestFinished(() => made.close())
  return made
}

it('a gateway that drains is left for the other one of its site: no failed operation, no move to another site, nothing lost, doubled or late', async () => {
  const [engine, elsewhere] = [createEngine(), createEngine()]
  const gateways = [await gatewayTo(engine), await gatewayTo(engine)]
  const client = createClient({
    here,
    sites: {
      a: {
        location: here,
        driver: websocket({ WebSocket }),
        endpoints: gateways.map(({ port }) => `127.0.0.1:${port}`),
      },
      b: { location: { environment: 'cloud' }, driver: memory(elsewhere), endpoints: ['b'] },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
  })
  onTestFinished(() => client.close({ timeout: '1s' }))
  const moves: unknown[] = []
  void (async () => {
    for await (const event of client.watch()) if (event.type === 'moved' || event.type === 'failover') moves.push(event)
  })()
  const [got, live, jobs] = [[] as number[], [] as number[], [] as number[]]
  const [reads, lives] = [client.subscribe(quotes), client.subscribe(ticks)]
  void (async () => {
    for await (const { late, value } of reads) got.push(late ? -value.n : value.n)
  })()
  void (async () => {
    for await (const { value } of lives) live.push(value.n)
  })()
  const worker = client.consume(orders, ({ n }) => void jobs.push(n), { concurrency: 8 })
  const server = client.respond(price, ({ n }) => ({ n }))
  await Promise.all([reads.ready, lives.ready, worker.ready, server.ready])
  const endpoint = () => client.status().sites[0]?.endpoint
  const state = () => client.status().sites[0]?.state
  const before = endpoint()
  const leaving = gateways.find(({ port }) => before?.endsWith(`:${port}`))
  let drained: Promise<void> | undefined
  let n = 0
  let isOver = false
  const load = async (): Promise<void> => {
    while (!isOver) {
      n += 1
      await Promise.all([
        client.publish(quotes, { n }),
        client.publish(ticks, { n }),
        client.send(orders, { n }),
        client.request(price, { n }),
      ])
      if (n === 100) drained = leaving?.close({ drainMs: 2_000 })
    }
  }
  const loading = load()
  loading.catch(() => undefined)
  await vi.waitFor(() => expect([state(), endpoint() === before]).toEqual(['up', false]), 5_000)
  const moved = n
  await vi.waitFor(() => expect(n).toBeGreaterThan(moved + 100), 10_000)
  isOver = true
  await loading
  await drained
  const all = Array.from({ length: n }, (_, at) => at + 1)
  await vi.waitFor(() => expect([got.length, live.length, jobs.length]).toEqual([n, n, n]), 5_000)
  expect(got).toEqual(all)
  expect(live).toEqual(all)
  expect(jobs.sort((x, y) => x - y)).toEqual(all)
  expect(moves).toEqual([])
})
