import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { nats } from '@spanwire/driver-nats'
import { costOf, inFlight, put } from './measure.mjs'

/** Bytes through the driver, against nats.js as its users call it. */

const BODY = 'x'.repeat(200)
const BYTES = new TextEncoder().encode(BODY)
const BATCH = 500
const FLOW = { messages: 1_000_000, bytes: 1 << 30 }
const never = new AbortController().signal
const LIVE = /** @type {const} */ ({ name: 'seen', params: 1, kind: 'topic', keep: 'live', latest: false })
const KEPT = /** @type {const} */ ({ name: 'kept', params: 1, kind: 'topic', keep: 'durable', latest: false })
const ASKED = /** @type {const} */ ({ name: 'asked', params: 0, kind: 'rpc' })

/** @typedef {import('@spanwire/driver').Channel} Channel */

/** @param {import('./nats.mjs').Bench} bench @returns {Promise<import('./nats.mjs').Jobs>} */
export async function bareJobs(bench) {
  const { nc, endpoint } = bench
  const credentials = async () => /** @type {const} */ ({ by: 'none' })
  const how = /** @type {const} */ ({ client: 'bench', nonce: 'A'.repeat(16), missing: 'create', credentials })
  const link = await nats().connect([endpoint], how, never)
  const [live, kept, asked] = [
    await link.open(LIVE, never),
    await link.open(KEPT, never),
    await link.open(ASKED, never),
  ]
  const jobs = [
    { job: 'publish, bytes', goal: '0.95', parts: publishing(bench, live) },
    { job: 'subscribe, bytes', goal: '0.95', parts: subscribing(bench, live) },
    { job: 'request, 1 in flight', goal: '0.9', parts: requesting(bench, asked, 1, 4_000) },
    { job: 'request, 100 in flight', goal: '2', parts: requesting(bench, asked, 100, 30_000) },
    { job: 'JetStream publish, 500 in flight', goal: '2', parts: storing(nc, kept) },
    { job: 'JetStream drain', goal: '0.9', parts: draining(nc, kept) },
  ]
  return { jobs, close: () => link.close(never) }
}

/** @param {import('./nats.mjs').Bench} bench @param {Channel} channel */
function publishing({ nc }, channel) {
  const count = 200_000
  return {
    raw: () =>
      costOf(count, async () => {
        for (let sent = 0; sent < count; sent += BATCH) {
          for (let at = 0; at < BATCH; at++) nc.publish('seen.a', BYTES)
          await nc.flush()
        }
      }),
    ours: () =>
      costOf(count, async () => {
        for (let sent = 0; sent < count; sent += BATCH)
          await put(
            channel,
            batchOf(() => ({ path: 'a', body: BYTES })),
          )
      }),
  }
}

/** @param {import('./nats.mjs').Bench} bench @param {Channel} channel */
function subscribing({ nc, publish }, channel) {
  const count = 200_000
  return {
    raw: async () => {
      const subscription = nc.subscribe('seen.*', { max: count })
      await nc.flush()
      const cost = costOf(count, async () => {
        let bytes = 0
        for await (const message of subscription) bytes += message.data.length
        if (bytes !== count * BYTES.length) throw new Error(`${bytes} bytes came`)
      })
      await publish('seen.a', BODY, count, false)
      return cost
    },
    ours: async () => {
      const reception = await channel.receive({}, FLOW, never)
      const cost = costOf(count, () => take(reception, count))
      await publish('seen.a', BODY, count, false)
      const done = await cost
      await reception.stop(never)
      return done
    },
  }
}

/** @param {import('./nats.mjs').Bench} bench @param {Channel} channel @param {number} width @param {number} count */
function requesting({ nc }, channel, width, count) {
  /** @param {() => Promise<unknown>} ask */
  const lanes = (ask) => costOf(count, () => inFlight(width, count, ask))
  return {
    raw: () => lanes(() => nc.request('asked', BYTES, { timeout: 5_000 })),
    ours: () => lanes(() => put(channel, [{ path: '', body: BYTES, ttlMs: 5_000 }])),
  }
}

let ids = 0

/** @param {import('@nats-io/transport-node').NatsConnection} nc @param {Channel} channel */
function storing(nc, channel) {
  const count = 50_000
  const js = jetstream(nc)
  const id = () => `AAAAAAAAAAAAAAAA-1.${++ids}.1700000000000`
  return {
    raw: async () => {
      await empty(nc)
      return costOf(count, async () => {
        for (let sent = 0; sent < count; sent += BATCH)
          await Promise.all(Array.from({ length: BATCH }, () => js.publish('kept.a', BYTES, { msgID: id() })))
      })
    },
    ours: async () => {
      await empty(nc)
      return costOf(count, async () => {
        for (let sent = 0; sent < count; sent += BATCH)
          await put(
            channel,
            batchOf(() => ({ id: id(), path: 'a', body: BYTES })),
          )
      })
    },
  }
}

/** @param {import('@nats-io/transport-node').NatsConnection} nc @param {Channel} channel */
function draining(nc, channel) {
  const count = 100_000
  const fill = async () => {
    const { messages } = (await (await jetstreamManager(nc)).streams.info('kept')).state
    if (messages === count) return
    await empty(nc)
    for (let sent = 0; sent < count; sent += BATCH)
      await put(
        channel,
        batchOf(() => ({ path: 'a', body: BYTES })),
      )
  }
  return {
    raw: async () => {
      await fill()
      const consumer = await jetstream(nc).consumers.get('kept')
      return costOf(count, async () => {
        let got = 0
        const messages = await consumer.consume()
        for await (const message of messages) {
          if (message.data.length !== BYTES.length) throw new Error('another message')
          if (++got === count) break
        }
      })
    },
    ours: async () => {
      await fill()
      const reception = await channel.receive(
        { start: { at: 'beginning' } },
        { messages: 10_000, bytes: 16 << 20 },
        never,
      )
      const cost = await costOf(count, () => take(reception, count))
      await reception.stop(never)
      return cost
    },
  }
}

/** @param {import('@nats-io/transport-node').NatsConnection} nc */
async function empty(nc) {
  await (await jetstreamManager(nc)).streams.purge('kept')
}

/** @template T @param {() => T} make */
function batchOf(make) {
  return Array.from({ length: BATCH }, make)
}

/** @param {import('@spanwire/driver').Reception} reception @param {number} count */
async function take(reception, count) {
  let bytes = 0
  for (let got = 0; got < count; ) {
    const batch = await reception.next()
    // What was purged lies before the first one: a start at the beginning says so.
    const purged = got === 0 && batch?.lost?.reason === 'expired'
    if (batch === undefined || (batch.lost && !purged)) {
      throw new Error(`lost after ${got}: ${JSON.stringify(batch?.lost)}`)
    }
    got += batch.deliveries.length
    for (const { body } of batch.deliveries) bytes += body.length
  }
  if (bytes !== count * BYTES.length) throw new Error(`${bytes} bytes came`)
}
