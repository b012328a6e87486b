import { headers } from '@nats-io/transport-node'
import { createClient, rpc, topic } from '@spanwire/core'
import { nats } from '@spanwire/driver-nats'
import * as z from 'zod'
import { costOf, inFlight } from './measure.mjs'

/** JSON with a schema and an identity, through the whole client, against a program on nats.js that does the same by hand. */

const Quote = z.object({ symbol: z.string(), bid: z.number(), ask: z.number(), venue: z.string(), note: z.string() })
const QUOTE = { symbol: 'AAPL', bid: 187.21, ask: 187.24, venue: 'XNAS', note: 'n'.repeat(120) }
const BATCH = 500
const here = /** @type {const} */ ({ environment: 'on-prem' })
const quotes = topic('quotes.{symbol}', Quote)
const price = rpc('asked', Quote, Quote)

/** @param {import('./nats.mjs').Bench} bench @returns {import('./nats.mjs').Jobs} */
export function clientJobs(bench) {
  const client = createClient({
    here,
    sites: { one: { location: here, driver: nats(), endpoints: [bench.endpoint] } },
  })
  const jobs = [
    { job: 'publish, JSON, schema, identity', goal: '0.9', parts: publishing(bench, client) },
    { job: 'subscribe, JSON, schema, identity', goal: '0.9', parts: subscribing(bench, client) },
    { job: 'request, JSON, 1 in flight', goal: '0.9', parts: requesting(bench, client, 1, 3_000) },
    { job: 'request, JSON, 100 in flight', goal: '2', parts: requesting(bench, client, 100, 20_000) },
  ]
  return { jobs, close: () => client.close() }
}

/** @param {import('./nats.mjs').Bench} bench @param {import('@spanwire/core').Client} client */
function publishing({ nc }, client) {
  const count = 50_000
  let seq = 0
  return {
    raw: () =>
      costOf(count, async () => {
        for (let sent = 0; sent < count; sent += BATCH) {
          for (let at = 0; at < BATCH; at++) {
            const own = headers()
            own.set('Nats-Msg-Id', `AAAAAAAAAAAAAAAA-1.${++seq}.${Date.now()}`)
            nc.publish('quotes.AAPL', JSON.stringify(Quote.parse(QUOTE)), { headers: own })
          }
          await nc.flush()
        }
      }),
    ours: () =>
      costOf(count, async () => {
        for (let sent = 0; sent < count; sent += BATCH)
          await Promise.all(Array.from({ length: BATCH }, () => client.publish(quotes, QUOTE)))
      }),
  }
}

/** @param {import('./nats.mjs').Bench} bench @param {import('@spanwire/core').Client} client */
function subscribing({ nc, publish }, client) {
  const count = 50_000
  const text = JSON.stringify(QUOTE)
  return {
    raw: async () => {
      const subscription = nc.subscribe('quotes.*', { max: count })
      await nc.flush()
      const cost = costOf(count, async () => {
        const seen = new Set()
        for await (const message of subscription) {
          const id = message.headers?.get('Nats-Msg-Id')
          if (seen.has(id)) continue
          seen.add(id)
          Quote.parse(message.json())
        }
        if (seen.size !== count) throw new Error(`${seen.size} came`)
      })
      await publish('quotes.AAPL', text, count, true)
      return cost
    },
    ours: async () => {
      const subscription = client.subscribe(quotes, {}, { buffer: count, overflow: 'wait' })
      await subscription.ready
      const cost = costOf(count, async () => {
        let got = 0
        for await (const { value } of subscription) {
          if (value.symbol !== 'AAPL') throw new Error('another message')
          if (++got === count) break
        }
      })
      await publish('quotes.AAPL', text, count, true)
      return cost
    },
  }
}

/** @param {import('./nats.mjs').Bench} bench @param {import('@spanwire/core').Client} client @param {number} width @param {number} count */
function requesting({ nc }, client, width, count) {
  /** @param {() => Promise<unknown>} ask */
  const lanes = (ask) => costOf(count, () => inFlight(width, count, ask))
  return {
    raw: () =>
      lanes(async () => {
        const reply = await nc.request('asked', JSON.stringify(Quote.parse(QUOTE)), { timeout: 5_000 })
        return Quote.parse(reply.json())
      }),
    ours: () => lanes(() => client.request(price, QUOTE)),
  }
}
