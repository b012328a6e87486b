import { type Driver, type Link, type LinkEnd, MessagingError } from '@spanwire/driver'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type Client,
  type ClientEvent,
  createClient,
  json,
  primary,
  queue,
  rpc,
  type StandardSchema,
  topic,
} from '../src/index.js'
import { deferred } from '../src/runtime/deferred.js'
import { virtualRuntime } from '../src/runtime/virtual.js'
import { gather, only, range } from './stage.js'

const numbers = json as StandardSchema<{ n: number }>
const quotes = topic('quotes', numbers, { delivery: 'durable' })
const ticks = topic('ticks', numbers)
const board = topic('board.{symbol}', json as StandardSchema<{ symbol: string; n: number }>, {
  delivery: 'durable',
  latest: true,
})
const orders = queue('orders', numbers)
const price = rpc('prices', numbers, numbers)
const here = { environment: 'on-prem' } as const

/** One engine with several endpoints, each of which may announce that it leaves, and then does. */
class Cluster {
  readonly driver: Driver
  readonly #links = new Map<Link, { readonly endpoint: string; leave(withinMs: number): void }>()
  readonly #closed = new Set<string>()

  constructor(engine: MemoryEngine, after: (ms: number, then: () => void) => void) {
    const inner = memory(engine)
    const connect: Driver['connect'] = async ([endpoint = ''], ...how) => {
      if (this.#closed.has(endpoint)) throw refused(endpoint)
      const link = await inner.connect([endpoint], ...how)
      const draining = deferred<{ reason: string; withinMs: number }>()
      let isGone = false
      const ended = link.ended.then((end): LinkEnd => {
        this.#links.delete(link)
        return isGone ? { by: 'engine', error: refused(endpoint) } : end
      })
      const leave = (withinMs: number): void => {
        draining.resolve({ reason: `${endpoint} is being updated`, withinMs })
        after(withinMs, () => {
          isGone = this.#links.has(link)
          void link.close(AbortSignal.abort())
        })
      }
      this.#links.set(link, { endpoint, leave })
      return {
        engine: link.engine,
        draining: draining.promise,
        ended,
        open: (...what) => link.open(...what),
        probe: (signal) => link.probe(signal),
        close: (signal) => link.close(signal),
      }
    }
    this.driver = { ...inner, connect }
  }

  /** Lets nobody in any more, and cuts who is still there when the time is up. */
  drain(gone: string, withinMs: number): void {
    this.#closed.add(gone)
    for (const { endpoint, leave } of this.#links.values()) if (endpoint === gone) leave(withinMs)
  }

  back(endpoint: string): void {
    this.#closed.delete(endpoint)
  }

  get used(): readonly string[] {
    return [...this.#links.values()].map(({ endpoint }) => endpoint).sort()
  }
}

function refused(endpoint: string): MessagingError {
  return new MessagingError('unavailable', `${endpoint} refuses connections.`, { scope: 'link' })
}

function stage() {
  const runtime = virtualRuntime()
  const engine = createEngine({ clock: runtime, name: 'a' })
  const cluster = new Cluster(engine, (ms, then) => void runtime.after(ms, then))
  const b = createEngine({ clock: runtime, name: 'b' })
  const made: Client[] = []
  const actor = (endpoints: readonly string[] = ['a-0', 'a-1']) => {
    const client = createClient({
      here,
      runtime,
      sites: {
        a: { location: here, driver: cluster.driver, endpoints },
        b: { location: { environment: 'cloud' }, driver: memory(b), endpoints: ['b'] },
      },
      routes: [{ match: '>', policy: primary('a', 'b') }],
    })
    made.push(client)
    const events: ClientEvent[] = []
    void (async () => {
      for await (const event of client.watch()) events.push(event)
    })()
    const states = () => only(events, 'site').flatMap(({ site, to }) => (site === 'a' ? [to] : []))
    const endpoint = () => client.status().sites[0]?.endpoint ?? ''
    return { client, events, states, endpoint }
  }
  onTestFinished(async () => {
    const closed = Promise.all(made.map((client) => client.close({ timeout: '10ms' })))
    await runtime.advance(15_000)
    await closed
    expect(cluster.used).toEqual([])
  })
  return { runtime, cluster, b, actor }
}

describe('an endpoint that says it will leave, of a site that has another one', () => {
  it('is left for that one: no lane leaves the site, no operation fails, nothing is lost, doubled or late', async () => {
    const { runtime, cluster, b, actor } = stage()
    const one = actor()
    const got = gather(one.client.subscribe(quotes))
    const live = gather(one.client.subscribe(ticks))
    const table = one.client.table(board)
    const jobs: number[] = []
    one.client.consume(orders, ({ n }) => void jobs.push(n))
    one.client.respond(price, ({ n }) => ({ n: n + 1 }))
    await runtime.advance(2_000)
    const before = one.endpoint()
    const failures: unknown[] = []
    const answers: number[] = []
    for (const n of range(1, 400)) {
      const done = Promise.all([
        one.client.publish(quotes, { n }),
        one.client.publish(ticks, { n }),
        one.client.publish(board, { symbol: `S${n % 7}`, n }),
        one.client.send(orders, { n }),
        one.client.request(price, { n }).then((reply) => void answers.push(reply.n)),
      ])
      done.catch((error) => failures.push(error))
      if (n === 100) cluster.drain(before, 1_000)
      await runtime.advance(5)
    }
    await runtime.advance(2_000)
    expect(failures).toEqual([])
    expect(one.states()).toEqual(['dialing', 'up', 'draining', 'up'])
    expect(one.endpoint()).not.toBe(before)
    expect(cluster.used).toEqual([one.endpoint()])
    expect(only(one.events, 'moved')).toEqual([])
    expect(only(one.events, 'failover')).toEqual([])
    expect(b.depths().filter(({ name, messages }) => messages > 0 && !name.startsWith('sw.marks'))).toEqual([])
    expect(got.map(({ value }) => value.n)).toEqual(range(1, 400))
    expect(got.some(({ again, late }) => again || late)).toBe(false)
    expect(live.map(({ value }) => value.n)).toEqual(range(1, 400))
    expect([...jobs].sort((x, y) => x - y)).toEqual(range(1, 400))
    expect(answers).toHaveLength(400)
    expect(table.get('S0')?.value.n).toBe(399)
    expect(table.status()).toEqual({ complete: true, missing: [] })
  })

  it('lets what is in work end where it came from, and is cut when its time is up', async () => {
    const { runtime, cluster, actor } = stage()
    const worker = actor()
    const runs: string[] = []
    const settled: string[] = []
    const wait = (ms: number) => new Promise<void>((resolve) => void runtime.after(ms, resolve))
    worker.client.consume(
      orders,
      async ({ n }, job) => {
        runs.push(`${n} ${job.attempt}`)
        await wait(n === 1 ? 3_000 : 9_000)
      },
      { concurrency: 2, onSettled: ({ id = '' }, how) => settled.push(`${id.split('.').at(-2)} ${how}`) },
    )
    worker.client.respond(price, async ({ n }) => {
      await wait(4_000)
      return { n }
    })
    const asker = actor(['a-2'])
    await runtime.advance(2_000)
    await worker.client.send(orders, { n: 1 })
    await worker.client.send(orders, { n: 2 })
    const asked = asker.client.request(price, { n: 1 }, { timeout: '20s' })
    await runtime.advance(100)
    const before = worker.endpoint()
    cluster.drain(before, 5_000)
    await runtime.advance(4_500)
    expect(cluster.used.filter((endpoint) => endpoint !== 'a-2')).toEqual(['a-0', 'a-1'])
    expect(settled).toEqual(['1 ack'])
    expect(await asked).toEqual({ n: 1 })
    await runtime.advance(1_000)
    expect(cluster.used).not.toContain(before)
    await runtime.advance(60_000)
    // Its lease went with the link; the copy waits for the run that goes on, and is not run beside it.
    expect(runs).toEqual(['1 1', '2 1'])
  })

  it('has no signal to which so many listen that the platform warns, nor has the end of a client', async () => {
    const warnings: string[] = []
    const onWarning = ({ message, name }: Error) =>
      void (name === 'MaxListenersExceededWarning' && warnings.push(message))
    process.on('warning', onWarning)
    onTestFinished(() => void process.off('warning', onWarning))
    const { runtime, cluster, actor } = stage()
    const one = actor()
    const wait = () => new Promise<void>((resolve) => void runtime.after(3_000, resolve))
    const queues = range(1, 20).map((n) => queue(`orders-${n}`, numbers))
    for (const each of queues) one.client.consume(each, wait)
    for (const n of range(1, 20)) gather(one.client.subscribe(topic(`quotes-${n}`, numbers)))
    await runtime.advance(2_000)
    const sendAll = () => Promise.all(queues.map((each) => one.client.send(each, { n: 1 })))
    await Promise.all([sendAll(), runtime.advance(100)])
    cluster.drain(one.endpoint(), 2_000)
    await runtime.advance(4_000)
    await Promise.all([sendAll(), runtime.advance(100)])
    await Promise.all([one.client.close(), runtime.advance(10_000)])
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  })

  it('is left for another site when no other endpoint lets us in, while the link still works', async () => {
    const { runtime, cluster, actor } = stage()
    const one = actor()
    await runtime.advance(2_000)
    await one.client.publish(quotes, { n: 1 })
    const before = one.endpoint()
    for (const endpoint of ['a-0', 'a-1']) if (endpoint !== before) cluster.drain(endpoint, 0)
    cluster.drain(before, 5_000)
    await runtime.advance(100)
    expect(one.client.status().sites[0]).toMatchObject({ state: 'draining', endpoint: before })
    const sent = one.client.publish(quotes, { n: 2 })
    await runtime.advance(10)
    expect((await sent).sites).toEqual(['b'])
    expect(only(one.events, 'moved').map(({ from, to, reason }) => [from, to, reason])).toEqual([
      ['a', 'b', 'draining'],
    ])
  })

  it('is not followed round and round where every endpoint leaves as soon as we are there', async () => {
    const { runtime, cluster, actor } = stage()
    const one = actor()
    await runtime.advance(2_000)
    await one.client.publish(quotes, { n: 1 })
    const first = one.endpoint()
    cluster.drain(first, 60_000)
    await runtime.advance(100)
    const second = one.endpoint()
    expect(second).not.toBe(first)
    cluster.back(first)
    cluster.drain(second, 60_000)
    await runtime.advance(100)
    expect(one.endpoint()).toBe(second)
    const sent = one.client.publish(quotes, { n: 2 })
    await runtime.advance(10)
    expect((await sent).sites).toEqual(['b'])
  })
})
