import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createClient, text, topic } from '@spanwire/core'
import { build } from 'tsup'
import { idle, idleChannel } from './idle.mjs'
import { cpuOf, medians } from './measure.mjs'

const RUNS = 7
const BATCH = 500
const here = /** @type {const} */ ({ environment: 'on-prem' })
const notes = topic('notes', text, { delivery: 'durable' })
const BODY = 'x'.repeat(120)
const NAMES = Array.from({ length: 500 }, (_, at) => `quotes-${at}.eu`)

/** @typedef {typeof import('./core-parts.js')} Parts */
/** @typedef {{ readonly times: number, readonly run: (times: number) => unknown }} Job */

/** Core's own sources, built as its package is: what its package does not export can be measured by itself. @returns {Promise<Parts>} */
async function load() {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const outDir = join(folder, 'dist')
  await build({
    entry: [join(folder, 'core-parts.ts')],
    outDir,
    format: ['esm'],
    target: 'es2022',
    config: false,
    silent: true,
  })
  return await import(pathToFileURL(join(outDir, 'core-parts.js')).href)
}

/** What a subscription does to know each message again. @param {Parts} parts @returns {Record<string, Job>} */
function dedupe({ Arrival, formatId, parseId, Window }) {
  const times = 1_000_000
  const source = 'AAAAAAAAAAAAAAAA-1'
  const arrival = () => {
    const sink = { give: () => {}, gap: () => {}, closed: () => {} }
    return new Arrival({ order: 'strict', live: false, startWallMs: 0, fromNow: false, gaps: true }, sink)
  }
  /** @param {number} seq @param {string} site */
  const arrived = (seq, site) => ({
    source,
    seq,
    timeMs: 1_700_000_000_000,
    again: false,
    site,
    bytes: 120,
    message: seq,
  })
  const ids = Array.from({ length: 1_000 }, (_, at) => formatId(source, at + 1, 1_700_000_000_000))
  return {
    'dedupe: an id is read, its source known': { times, run: (n) => loop(n, (at) => parseId(ids[at % 1_000], source)) },
    'dedupe: the window alone, in order': {
      times,
      run: (n) => {
        const window = new Window()
        loop(n, (at) => window.verdict(at + 1))
      },
    },
    'dedupe: a message of one site, in order': {
      times,
      run: (n) => {
        const one = arrival()
        loop(n, (at) => one.take(arrived(at + 1, 'a'), at))
      },
    },
    'dedupe: a message of two sites, given once': {
      times,
      run: (n) => {
        const one = arrival()
        loop(n, (at) => {
          one.take(arrived(at + 1, 'a'), at)
          one.take(arrived(at + 1, 'b'), at)
        })
      },
    },
  }
}

/** What finds a site. @param {Parts} parts @returns {Record<string, Job>} */
function route({ choose, primary, routeFor, weighted }) {
  const times = 200_000
  /** @param {string} name */
  const view = (name) => Object.freeze({ name, location: here, mode: 'active', health: 'up', rttMs: 1, inflight: 0 })
  /** @type {import('./core-parts.js').Picture} */
  const picture = { generation: 1, here, sites: [view('a'), view('b')] }
  const random = Math.random
  const find = routeFor(
    [...NAMES.slice(1).map((match) => ({ match, policy: primary('a') })), { match: '>', policy: primary('a', 'b') }],
    ['a', 'b'],
  )
  const home = /** @type {const} */ ({ op: 'publish', channel: 'notes', lane: 'k', home: 'a', random })
  const question = /** @type {const} */ ({ op: 'request', channel: 'prices', lane: 'k', random })
  const shares = weighted({ a: 90, b: 10 })
  return {
    'route: the policy of a channel that was asked for': {
      times: 1_000_000,
      run: (n) => loop(n, () => find(notes.spec)),
    },
    'route: the policy of a new channel, 500 routes': {
      times: 2_000,
      run: (n) => loop(n, () => find({ ...notes.spec })),
    },
    'route: a lane with a home, primary of two': {
      times,
      run: (n) => loop(n, () => choose(find(notes.spec), home, picture)),
    },
    'route: a request, primary of two': {
      times,
      run: (n) => loop(n, () => choose(find(notes.spec), question, picture)),
    },
    'route: a request, weighted over two': { times, run: (n) => loop(n, () => choose(shares, question, picture)) },
    'route: a request, nearest of two': {
      times,
      run: (n) => loop(n, () => choose({ by: 'nearest' }, question, picture)),
    },
  }
}

/** What becomes of a session, by event; none of them comes with each message. @param {Parts} parts @returns {Record<string, Job>} */
function steps({ step }) {
  const times = 1_000_000
  /** @type {Promise<never>} */
  const never = new Promise(() => {})
  const link = {
    engine: { name: 'inert', version: '0' },
    draining: never,
    ended: never,
    open: () => never,
    probe: () => never,
    close: () => never,
  }
  /** @type {import('./core-parts.js').SessionState} */
  const up = { at: 'up', link, endpoint: 'a', since: 0, rttMs: 1, attempt: 1 }
  return {
    'step: a probe is answered': { times, run: (n) => loop(n, (at) => step(up, { on: 'proved', at })) },
    'step: the round trip is measured anew': {
      times,
      run: (n) => loop(n, (at) => step(up, { on: 'measured', rttMs: at })),
    },
    'step: silent, and heard again': {
      times,
      run: (n) => loop(n, (at) => step(step(up, { on: 'silent', since: at }), { on: 'heard', at })),
    },
  }
}

/** What stands between `publish` and a driver, by one that does nothing but say `done`. @param {Parts} parts @returns {Record<string, Job>} */
function send({ Sender }) {
  const times = 200_000
  const sender = new Sender(idleChannel())
  const message = { id: 'AAAAAAAAAAAAAAAA-1.1.1700000000000', path: '', body: BODY }
  const batches = async (/** @type {number} */ n) => {
    for (let sent = 0; sent < n; sent += BATCH) {
      await new Promise((resolve) => {
        let open = BATCH
        const ended = () => {
          open -= 1
          if (open === 0) resolve(undefined)
        }
        for (let at = 0; at < BATCH; at++) sender.send(message, 120, ended)
      })
    }
  }
  return {
    [`send: a session's sender, ${BATCH} a batch`]: { times, run: batches },
    [`send: the whole publish, ${BATCH} a batch`]: { times, run: (n) => publish(n, BATCH) },
    'send: the whole publish, one at a time': { times, run: (n) => publish(n, 1) },
  }
}

/** @param {number} times @param {number} size */
async function publish(times, size) {
  const client = createClient({ here, sites: { a: { location: here, driver: idle, endpoints: ['bench'] } } })
  for (let sent = 0; sent < times; sent += size) {
    let last
    for (let at = 0; at < size; at++) last = client.publish(notes, BODY)
    await last
  }
  await client.close()
}

/** Adds up what comes out, so that nothing is left out of the loop. @param {number} times @param {(at: number) => unknown} run */
function loop(times, run) {
  let made = 0
  for (let at = 0; at < times; at++) if (run(at) !== undefined) made += 1
  return made
}

/** Cost of core's parts by themselves: CPU of the process, collecting garbage included. */
export async function parts() {
  const all = await load()
  const jobs = { ...dedupe(all), ...route(all), ...steps(all), ...send(all) }
  const work = Object.entries(jobs).map(([name, { run, times }]) => [
    name,
    () => cpuOf(times, async () => void (await run(times))),
  ])
  const costs = await medians(RUNS, /** @type {Record<string, () => Promise<number>>} */ (Object.fromEntries(work)))
  console.log(`\ncost of core's parts (CPU, collecting garbage included; median of ${RUNS})\n`)
  console.log('| part | ns |\n| --- | --- |')
  for (const [name, us] of Object.entries(costs)) console.log(`| ${name} | ${(us * 1_000).toFixed(us < 0.1 ? 1 : 0)} |`)
}
