import { createClient, text, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { cpuOf, median, table } from './measure.mjs'

const MESSAGES = 200_000
const BATCH = 500
const BODY = 'x'.repeat(120)
const FLOW = { messages: 100_000, bytes: 1 << 28 }
const notes = topic('notes', text, { delivery: 'durable' })
const here = /** @type {const} */ ({ environment: 'on-prem' })
const never = new AbortController().signal
let made = 0

/** The bare driver: what the wire itself costs, with the same batches. */
async function bare() {
  const driver = memory(createEngine({ retain: { messages: MESSAGES * 2, bytes: 2 ** 30 } }))
  const link = await driver.connect(
    ['bench'],
    {
      client: `bench-${++made}`,
      nonce: 'AAAAAAAAAAAAAAAA',
      missing: 'create',
      credentials: async () => ({ by: 'none' }),
    },
    never,
  )
  return { link, channel: await link.open(notes.spec, never) }
}

/** @param {number} size messages handed over at once */
async function bareSend(size) {
  const { link, channel } = await bare()
  const cost = await cpuOf(MESSAGES, async () => {
    for (let sent = 0; sent < MESSAGES; sent += size) {
      await new Promise((resolve) => {
        let open = size
        channel.send(
          Array.from({ length: size }, (_, at) => ({
            id: `AAAAAAAAAAAAAAAA-1.${sent + at + 1}.1700000000000`,
            path: '',
            body: BODY,
          })),
          () => {
            open -= 1
            if (open === 0) resolve(undefined)
          },
        )
      })
    }
  })
  await link.close(never)
  return cost
}

async function bareReceive() {
  const { link, channel } = await bare()
  await fill(
    (batch) =>
      new Promise((resolve) => {
        let open = batch.length
        channel.send(batch, () => {
          open -= 1
          if (open === 0) resolve(undefined)
        })
      }),
  )
  const reception = await channel.receive({ start: { at: 'beginning' } }, FLOW, never)
  const cost = await cpuOf(MESSAGES, async () => {
    for (let got = 0; got < MESSAGES; ) got += (await reception.next())?.deliveries.length ?? MESSAGES
  })
  await link.close(never)
  return cost
}

/** @param {(batch: { id: string, path: string, body: string }[]) => Promise<unknown>} send */
async function fill(send) {
  for (let from = 0; from < MESSAGES; from += BATCH) {
    await send(
      Array.from({ length: BATCH }, (_, at) => ({
        id: `AAAAAAAAAAAAAAAA-1.${from + at + 1}.1700000000000`,
        path: '',
        body: BODY,
      })),
    )
  }
}

function client() {
  const engine = createEngine({ retain: { messages: MESSAGES * 2, bytes: 2 ** 30 } })
  return createClient({ here, sites: { a: { location: here, driver: memory(engine), endpoints: ['bench'] } } })
}

/** @param {number} size publishes awaited together */
async function clientPublish(size) {
  const one = client()
  await one.publish(notes, BODY)
  const cost = await cpuOf(MESSAGES, async () => {
    for (let sent = 0; sent < MESSAGES; sent += size) {
      const batch = []
      for (let at = 0; at < size; at++) batch.push(one.publish(notes, BODY))
      await Promise.all(batch)
    }
  })
  await one.close()
  return cost
}

async function clientSubscribe() {
  const one = client()
  for (let sent = 0; sent < MESSAGES; sent += BATCH)
    await Promise.all(Array.from({ length: BATCH }, () => one.publish(notes, BODY)))
  const subscription = one.subscribe(notes, {}, { from: 'beginning', buffer: 10_000 })
  const iterator = subscription[Symbol.asyncIterator]()
  const cost = await cpuOf(MESSAGES, async () => {
    for (let got = 0; got < MESSAGES; got++) await iterator.next()
  })
  await subscription.stop()
  await one.close()
  return cost
}

/** Cost of the layers between an application and its driver, over the memory driver, in this one process. */
export async function layers() {
  const rows = []
  for (const size of [1, BATCH]) {
    rows.push({
      job: size === 1 ? 'publish, one at a time' : `publish, ${size} at a time`,
      bare: await median(() => bareSend(size)),
      client: await median(() => clientPublish(size)),
    })
  }
  rows.push({
    job: 'subscribe, 10,000 ahead',
    bare: await median(bareReceive),
    client: await median(clientSubscribe),
  })
  table('cost of the layers (CPU us per message; memory driver, 120 B text, no JSON; median of 3)', rows)
}
