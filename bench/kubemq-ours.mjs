import { kubemq } from '@spanwire/driver-kubemq'
import { costOf, costOfComing, inFlight, put } from './measure.mjs'

/** Bytes through the driver. */

const BODY = Buffer.from('x'.repeat(200))
const BATCH = 500
const PART = 100
/** What is stored for those who read. */
const STORED = 10_000
const FLOW = { messages: 1_000_000, bytes: 1 << 30 }
const never = new AbortController().signal
const LIVE = /** @type {const} */ ({ name: 'seen', params: 1, kind: 'topic', keep: 'live', latest: false })
const KEPT = /** @type {const} */ ({ name: 'kept', params: 0, kind: 'topic', keep: 'durable', latest: false })
const READ = /** @type {const} */ ({ ...KEPT, name: 'read' })
const JOBS = /** @type {const} */ ({ name: 'jobs', params: 0, kind: 'queue', leaseMs: 60_000 })
const ASKED = /** @type {const} */ ({ name: 'asked', params: 0, kind: 'rpc' })

/** @typedef {import('@spanwire/driver').Channel} Channel */

/** @param {import('./kubemq.mjs').Bench} bench @returns {Promise<import('./kubemq.mjs').Side>} */
export async function ours({ endpoint }) {
  const credentials = async () => /** @type {const} */ ({ by: 'none' })
  const how = /** @type {const} */ ({ client: 'bench', nonce: 'A'.repeat(16), missing: 'create', credentials })
  const link = await kubemq().connect([endpoint], how, never)
  const [live, kept, stored, jobs, asked] = [
    await link.open(LIVE, never),
    await link.open(KEPT, never),
    await link.open(READ, never),
    await link.open(JOBS, never),
    await link.open(ASKED, never),
  ]
  for (let at = 0; at < STORED; at += BATCH) await put(stored, batch(BATCH, ''))
  return {
    publish: (count) => costOf(count, () => inBatches(live, count, BATCH, 'a')),
    store: (count) => costOf(count, () => inBatches(kept, count, BATCH, '')),
    send: (count) => costOf(count, () => inBatches(jobs, count, PART, '')),
    async listen(count, published) {
      const reception = await live.receive({}, FLOW, never)
      const cost = costOfComing(count, (hear) => void listen(reception, hear))
      await published()
      const done = await cost
      await reception.stop(never)
      return done
    },
    read: (count) => reading(count, () => stored.receive({ start: { at: 'beginning' } }, FLOW, never), take),
    drain: (count) => reading(count, () => jobs.receive({}, { messages: 1_000, bytes: 16 << 20 }, never), work),
    request: (width, count) =>
      costOf(count, () => inFlight(width, count, () => put(asked, [{ path: '', body: BODY, ttlMs: 5_000 }]))),
    close: () => link.close(never),
  }
}

/** @typedef {import('@spanwire/driver').Reception} Reception */

/**
 * Attaching is in it, stopping is not: that waits for a Get that finds nothing.
 * @param {number} count @param {() => Promise<Reception>} attach @param {(reception: Reception, count: number) => Promise<void>} all
 */
async function reading(count, attach, all) {
  /** @type {Reception | undefined} */
  let reception
  const cost = await costOf(count, async () => {
    reception = await attach()
    await all(reception, count)
  })
  await reception?.stop(never)
  return cost
}

/** @param {Channel} channel @param {number} count @param {number} size @param {string} path */
async function inBatches(channel, count, size, path) {
  for (let sent = 0; sent < count; sent += size) await put(channel, batch(size, path))
}

/** @param {number} size @param {string} path */
function batch(size, path) {
  return Array.from({ length: size }, () => ({ path, body: BODY }))
}

/** Until the reception is stopped. @param {Reception} reception @param {(some: number) => void} hear */
async function listen(reception, hear) {
  for (let batch = await reception.next(); batch; batch = await reception.next()) {
    for (const { body } of batch.deliveries)
      if (body.length !== BODY.length) throw new Error(`${body.length} bytes came`)
    hear(batch.deliveries.length)
  }
}

/** @param {Reception} reception @param {number} count */
async function take(reception, count) {
  let bytes = 0
  for (let got = 0; got < count; ) {
    const batch = await reception.next()
    if (batch === undefined || batch.lost) throw new Error(`lost after ${got}: ${JSON.stringify(batch?.lost)}`)
    got += batch.deliveries.length
    for (const { body } of batch.deliveries) bytes += body.length
  }
  if (bytes !== count * BODY.length) throw new Error(`${bytes} bytes came`)
}

/** Acknowledges each, and waits until the server has noted all. @param {Reception} reception @param {number} count */
async function work(reception, count) {
  /** @type {Promise<void>[]} */
  const settled = []
  while (settled.length < count) {
    const batch = await reception.next()
    if (batch === undefined) throw new Error(`ended after ${settled.length}`)
    for (const delivery of batch.deliveries) settled.push(delivery.settle('ack'))
  }
  await Promise.all(settled)
}
