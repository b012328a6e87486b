import { createClient, topic } from '@spanwire/core'
import { kafka, platformatic } from '@spanwire/driver-kafka'
import * as z from 'zod'
import { costOf } from './measure.mjs'

/** JSON with a schema and an identity, through the whole client, against a program on a library that does the same by hand. */

const Quote = z.object({ symbol: z.string(), bid: z.number(), ask: z.number(), venue: z.string(), note: z.string() })
const QUOTE = { symbol: 'AAPL', bid: 187.21, ask: 187.24, venue: 'XNAS', note: 'n'.repeat(120) }
const SYMBOLS = Array.from({ length: 30 }, (_, at) => `S${at}`)
const BATCH = 500
const COUNT = 20_000
const here = /** @type {const} */ ({ environment: 'on-prem' })
const quotes = topic('quotes.{symbol}', Quote, { delivery: 'durable' })

/** @typedef {import('@spanwire/core').Client} Client */

/** @param {import('./kafka.mjs').Bench} bench @returns {Promise<{ readonly jobs: import('./kafka.mjs').Job[], close(): Promise<void> }>} */
export async function clientJobs({ endpoint, raw }) {
  const over = (/** @type {import('@spanwire/driver').Driver} */ driver) =>
    createClient({ here, sites: { one: { location: here, driver, endpoints: [endpoint] } } })
  const [js, pl] = [over(kafka({ partitions: 3 })), over(kafka({ partitions: 3, port: platformatic() }))]
  // Makes the topic that the libraries use as well.
  await js.publish(quotes, { ...QUOTE, symbol: 'S0' })
  const jobs = [
    {
      job: 'publish, JSON, schema, identity',
      parts: {
        kafkajs: publishingRaw(raw.kafkajs),
        'ours on kafkajs': publishing(js),
        platformatic: publishingRaw(raw.platformatic),
        'ours on platformatic': publishing(pl),
      },
    },
    {
      job: 'subscribe, JSON, schema, identity',
      parts: {
        kafkajs: readingRaw(raw.kafkajs, js),
        'ours on kafkajs': reading(js, js),
        platformatic: readingRaw(raw.platformatic, js),
        'ours on platformatic': reading(pl, js),
      },
    },
  ]
  return { jobs, close: async () => void (await Promise.all([js.close(), pl.close()])) }
}

/** By symbol, as lanes are: a source that lay in several partitions would be read with holes. */
const seqs = SYMBOLS.map(() => 0)

/** @param {import('./kafka-raw.mjs').RawClient} client */
function publishingRaw(client) {
  return () =>
    costOf(COUNT, async () => {
      for (let sent = 0; sent < COUNT; sent += BATCH)
        await client.send(
          'quotes',
          Array.from({ length: BATCH }, (_, at) => rawRecord(at)),
        )
    })
}

/** @param {number} at */
function rawRecord(at) {
  const lane = at % SYMBOLS.length
  const quote = { ...QUOTE, symbol: SYMBOLS[lane] ?? '' }
  const seq = (seqs[lane] ?? 0) + 1
  seqs[lane] = seq
  const id = `AAAAAAAAAAAAAAAA-${lane + 1}.${seq}.${Date.now()}`
  return { key: quote.symbol, value: Buffer.from(JSON.stringify(Quote.parse(quote))), headers: { 'sw-id': id } }
}

/** @param {Client} client */
function publishing(client) {
  return () => costOf(COUNT, () => publish(client, COUNT))
}

/** @param {Client} client @param {number} count */
async function publish(client, count) {
  for (let sent = 0; sent < count; sent += BATCH)
    await Promise.all(
      Array.from({ length: BATCH }, (_, at) =>
        client.publish(quotes, { ...QUOTE, symbol: SYMBOLS[at % SYMBOLS.length] ?? '' }),
      ),
    )
}

/** The topic holds as many before anybody reads. @param {Client} client */
function filling(client) {
  let isFull = false
  return async () => {
    if (!isFull) await publish(client, COUNT)
    isFull = true
  }
}

/** @param {import('./kafka-raw.mjs').RawClient} client @param {Client} filler */
function readingRaw(client, filler) {
  const fill = filling(filler)
  return async () => {
    await fill()
    const seen = new Set()
    return costOf(COUNT, () =>
      client.read('quotes', COUNT, ({ value, headers }) => {
        seen.add(headers)
        Quote.parse(JSON.parse(String(value)))
      }),
    )
  }
}

/** @param {Client} client @param {Client} filler */
function reading(client, filler) {
  const fill = filling(filler)
  return async () => {
    await fill()
    return costOf(COUNT, async () => {
      const subscription = client.subscribe(quotes, {}, { from: 'beginning', buffer: 10_000, overflow: 'wait' })
      let got = 0
      for await (const { value } of subscription) {
        if (value.symbol === '') throw new Error('another message')
        if (++got === COUNT) break
      }
    })
  }
}
