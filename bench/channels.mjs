import { createClient, json, primary, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'

const CHANNELS = 10_000
const here = /** @type {const} */ ({ environment: 'on-prem' })
/** One contract with a parameter, as quotes have, or a contract for each. */
const KINDS = {
  'one contract, 10,000 paths': () => {
    const quotes = topic('quotes.{symbol}', json, { delivery: 'durable' })
    return Array.from({ length: CHANNELS }, (_, at) => ({ contract: quotes, params: { symbol: `s${at}` } }))
  },
  '5,000 contracts': () =>
    Array.from({ length: CHANNELS / 2 }, (_, at) => ({
      contract: topic(`quotes-${at}`, json, { delivery: 'durable' }),
      params: {},
    })),
}

/** Subscribes to many channels of two sites, loses one, unsubscribes: how long each takes, and what it costs in memory. */
export async function channels() {
  console.log('| channels | subscribed | published and read | read after the failover | RSS, MB | left |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const [name, make] of Object.entries(KINDS)) {
    const result = await one(make())
    console.log(`| ${name} | ${result.join(' | ')} |`)
  }
}

/** @param {{ contract: any, params: Record<string, string> }[]} places */
async function one(places) {
  const engines = { a: createEngine({ name: 'a' }), b: createEngine({ name: 'b' }) }
  const client = createClient({
    here,
    outbox: { messages: places.length * 2 },
    sites: {
      a: { location: here, driver: memory(engines.a), endpoints: ['a'] },
      b: { location: here, driver: memory(engines.b), endpoints: ['b'] },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
  })
  const before = rssMb()
  const watch = stopwatch()
  const subscriptions = places.map(({ contract, params }) => client.subscribe(contract, params))
  await Promise.all(subscriptions.map(({ ready }) => ready))
  const subscribed = watch()
  const reads = subscriptions.map((one) => one[Symbol.asyncIterator]())
  const round = async () => {
    const took = stopwatch()
    const read = reads.map((one) => one.next())
    for (const { contract, params } of places) void client.publish(contract, { at: 1 }, { params })
    await Promise.all(read)
    return took()
  }
  const first = await round()
  engines.a.kill()
  const after = await round()
  const rss = rssMb() - before
  await Promise.all(subscriptions.map((one) => one.stop()))
  const left = client.status().subscriptions.length + engines.a.counts().receptions + engines.b.counts().receptions
  await client.close()
  return [subscribed, first, after, rss.toFixed(0), left]
}

/** CPU of the process and time on the clock, in ms. */
function stopwatch() {
  const since = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return `${((user + system) / 1_000).toFixed(0)} / ${(performance.now() - since).toFixed(0)}`
  }
}

function rssMb() {
  globalThis.gc?.()
  return process.memoryUsage().rss / 2 ** 20
}
