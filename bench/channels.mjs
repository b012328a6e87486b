import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createClient, json, primary, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { websocket } from '@spanwire/driver-websocket'
import { startEngines } from '@spanwire/testkit/engines'
import { WebSocket } from 'ws'

const CHANNELS = 10_000
const here = /** @type {const} */ ({ environment: 'on-prem' })
/**
 * One contract with a parameter, as quotes have, or a contract for each.
 * @type {Record<string, () => { contract: any, params: Record<string, string> }[]>}
 */
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

/**
 * Two sites to lose the first of.
 * @typedef {{ sites: import('@spanwire/core').ClientOptions<'a' | 'b'>['sites'], lose(): Promise<void>, left(): number, end(): Promise<void> }} Pair
 * @type {Record<string, () => Promise<Pair>>}
 */
const PAIRS = {
  'this process': async () => {
    const engines = { a: createEngine({ name: 'a' }), b: createEngine({ name: 'b' }) }
    return {
      sites: {
        a: { location: here, driver: memory(engines.a), endpoints: ['a'] },
        b: { location: here, driver: memory(engines.b), endpoints: ['b'] },
      },
      lose: async () => engines.a.kill(),
      left: () => engines.a.counts().receptions + engines.b.counts().receptions,
      end: async () => {},
    }
  },
  'their own, over gateways': async () => {
    const engines = await startEngines({ engine: 'embedded', sites: 2 })
    const [a, b] = engines.sites.map(({ endpoints }) => ({
      location: here,
      driver: websocket({ WebSocket }),
      endpoints,
    }))
    if (a === undefined || b === undefined) throw new Error('two sites were asked for')
    return {
      sites: { a, b },
      lose: async () => engines.sites[0]?.nodes[0]?.kill(),
      left: () => 0,
      end: () => engines.stop(),
    }
  },
}

/** Subscribes to many channels of two sites, loses one, unsubscribes: how long each takes, and what it costs in memory. */
export async function channels() {
  console.log('| channels | engines in | subscribed | published and read | read after the failover | RSS, MB | left |')
  console.log('| --- | --- | --- | --- | --- | --- | --- |')
  const rows = Object.keys(KINDS).flatMap((name) => Object.keys(PAIRS).map((where) => ({ name, where })))
  // A process each: what the one before took of memory is not given back.
  for (const { name, where } of rows) {
    const child = fork(fileURLToPath(import.meta.url), [name, where], { execArgv: ['--expose-gc'] })
    await once(child, 'exit')
  }
}

/** @param {string} name @param {string} where */
async function row(name, where) {
  const [make, begin] = [KINDS[name], PAIRS[where]]
  if (make === undefined || begin === undefined) throw new Error(`no ${name} in ${where}`)
  const pair = await begin()
  try {
    console.log(`| ${name} | ${where} | ${(await one(pair, make())).join(' | ')} |`)
  } finally {
    await pair.end()
  }
}

/** @param {Pair} pair @param {{ contract: any, params: Record<string, string> }[]} places */
async function one({ sites, lose, left }, places) {
  const client = createClient({
    here,
    outbox: { messages: places.length * 2 },
    sites,
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
  await lose()
  const after = await round()
  const rss = rssMb() - before
  await Promise.all(subscriptions.map((one) => one.stop()))
  const still = client.status().subscriptions.length + left()
  await client.close()
  return [subscribed, first, after, rss.toFixed(0), still]
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

const [, file, name, where] = process.argv
if (file === fileURLToPath(import.meta.url)) await row(name ?? '', where ?? '')
