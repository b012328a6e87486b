import { fork } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEngines } from '@spanwire/testkit/engines'
import { CALM } from '@spanwire/testkit/kubemq'
import { build } from 'tsup'
import { kubemqJs } from './kubemq-js.mjs'
import { ours } from './kubemq-ours.mjs'
import { raw } from './kubemq-raw.mjs'
import { medianCosts } from './measure.mjs'

const RUNS = 5
/** The compiler is done with what a message passes after some ten thousand of them. */
const WARM_UPS = 4
const folder = fileURLToPath(new URL('.', import.meta.url))

/**
 * @typedef {import('./measure.mjs').Cost} Cost
 */

/**
 * One way to use a server. Each job resolves with its cost when all is done.
 * @typedef {object} Side
 * @property {(count: number) => Promise<Cost>} publish Events, in batches of 500, each written before the next.
 * @property {(count: number, published: () => Promise<void>) => Promise<Cost>} listen Events that another process publishes when it is told to.
 * @property {(count: number) => Promise<Cost>} store Stored events, in batches of 500, each confirmed before the next.
 * @property {(count: number) => Promise<Cost>} read Stored events from the first on, of a channel that has so many.
 * @property {(count: number) => Promise<Cost>} send To a queue, a hundred a request, each answered before the next.
 * @property {(count: number) => Promise<Cost>} drain From a queue, a hundred a request, and acknowledged.
 * @property {(width: number, count: number) => Promise<Cost>} request
 * @property {() => Promise<void>} close
 */

/** @typedef {typeof import('./kubemq-wire.js')} Wire */
/** @typedef {{ readonly endpoint: string, readonly wire: Wire }} Bench */
/** @typedef {{ readonly job: string, readonly goal: string, readonly before?: () => Promise<unknown>, readonly run: (side: Side) => Promise<Cost> }} Job */

/** Our driver against bare grpc-js with the same calls, and against kubemq-js, on one server, in turns. */
export async function kubemq() {
  const engines = await startEngines({ engine: 'kubemq', config: JSON.stringify(CALM) })
  try {
    const [site] = engines.sites
    const what = site?.double === true ? 'the double' : 'a server'
    await against(site?.endpoints[0] ?? '', what)
  } finally {
    await engines.stop()
  }
}

/** @param {string} endpoint @param {string} what */
async function against(endpoint, what) {
  const outDir = join(folder, 'dist')
  const entry = [join(folder, 'kubemq-wire.ts')]
  const external = ['@grpc/grpc-js']
  await build({ entry, outDir, external, format: ['esm'], target: 'es2022', config: false, silent: true })
  const wire = await import(new URL('dist/kubemq-wire.js', import.meta.url).href)
  const peer = fork(join(folder, 'kubemq-peer.mjs'), [endpoint])
  const gone = once(peer, 'exit')
  const bench = { endpoint, wire }
  const sides = { raw: raw(bench), js: kubemqJs(bench), ours: await ours(bench) }
  try {
    await once(peer, 'message')
    const [only] = process.argv.slice(3)
    const load = () => loadavg()[0]?.toFixed(0)
    console.log(
      `\nKubeMQ, ${what}: bare grpc-js, kubemq-js 1.2.3, our driver (median of ${RUNS}; 200 B; load ${load()})`,
    )
    console.log(HEAD)
    for (const job of jobsOf(sides.raw, peer))
      if (only === undefined || job.job.includes(only)) print(job, await compare(job, sides))
    console.log(`load ${load()}`)
  } finally {
    for (const side of Object.values(sides)) await side.close()
    peer.kill('SIGKILL')
    await gone
  }
}

/** @param {Side} filler @param {import('node:child_process').ChildProcess} peer @returns {Job[]} */
function jobsOf(filler, peer) {
  const published = (/** @type {number} */ count) => async () => {
    peer.send(count)
    await once(peer, 'message')
  }
  const [events, stored, jobs] = [30_000, 10_000, 10_000]
  return [
    { job: 'events, publish', goal: '0.9', run: (side) => side.publish(events) },
    { job: 'events, receive', goal: '0.9', run: (side) => side.listen(events, published(events)) },
    { job: 'events store, publish, 500 in flight', goal: '0.9', run: (side) => side.store(stored) },
    { job: 'events store, read', goal: '0.9', run: (side) => side.read(stored) },
    { job: 'queue, send, 100 a request', goal: '0.9', run: (side) => side.send(jobs) },
    {
      job: 'queue, receive and acknowledge',
      goal: '0.9',
      before: () => filler.send(jobs),
      run: (side) => side.drain(jobs),
    },
    { job: 'request, 1 in flight', goal: '0.9', run: (side) => side.request(1, 300) },
    { job: 'request, 100 in flight', goal: '0.9', run: (side) => side.request(100, 1_500) },
  ]
}

/** @param {Job} job @param {Record<string, Side>} sides */
function compare({ before, run }, sides) {
  const parts = Object.entries(sides).map(([name, side]) => [
    name,
    async () => {
      await before?.()
      return run(side)
    },
  ])
  return medianCosts(RUNS, Object.fromEntries(parts), WARM_UPS)
}

const HEAD = `${'job'.padEnd(38)}${'raw us'.padStart(9)}${'js us'.padStart(9)}${'ours us'.padStart(9)}${'raw k/s'.padStart(9)}${'js k/s'.padStart(9)}${'ours k/s'.padStart(9)}   ours as a part`

/** @param {Job} job @param {Record<string, Cost>} costs */
function print({ job, goal }, { js, ours, raw }) {
  if (raw === undefined || js === undefined || ours === undefined) throw new Error(`${job} has three sides`)
  const figures = [raw, js, ours].map(({ cpuUs }) => cpuUs.toFixed(1).padStart(9)).join('')
  const rates = [raw, js, ours].map(({ perSecond }) => (perSecond / 1_000).toFixed(2).padStart(9)).join('')
  const part = (/** @type {Cost} */ than) =>
    `${(ours.perSecond / than.perSecond).toFixed(2)} by rate, ${(than.cpuUs / ours.cpuUs).toFixed(2)} by CPU`
  console.log(`${job.padEnd(38)}${figures}${rates}   of raw ${part(raw)} (goal ${goal}); of kubemq-js ${part(js)}`)
}
