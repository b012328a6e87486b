import { createClient, text, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { cpuOf, medians } from './measure.mjs'

const MESSAGES = 200_000
const BATCH = 500
const RUNS = 7
const BODY = 'x'.repeat(120)
const FLOW = { messages: 100_000, bytes: 1 << 28 }
const notes = topic('notes', text, { delivery: 'durable' })
const here = /** @type {const} */ ({ environment: 'on-prem' })
const never = new AbortController().signal
let made = 0

function engine() {
  return createEngine({ retain: { messages: MESSAGES * 2, bytes: 2 ** 30 } })
}

/** The bare driver: what the wire itself costs, with the same batches. */
async function bare() {
  const link = await memory(engine()).connect(
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

/** @param {number} from @param {number} size */
function messages(from, size) {
  const batch = []
  for (let at = 1; at <= size; at++)
    batch.push({ id: `AAAAAAAAAAAAAAAA-1.${from + at}.1700000000000`, path: '', body: BODY })
  return batch
}

/**
 * All messages to the driver, so many at a time.
 * @param {import('@spanwire/driver').Channel} channel
 * @param {number} size
 */
async function sendAll(channel, size) {
  for (let sent = 0; sent < MESSAGES; sent += size) {
    await new Promise((resolve) => {
      let open = size
      channel.send(messages(sent, size), () => {
        open -= 1
        if (open === 0) resolve(undefined)
      })
    })
  }
}

/** @param {number} size messages handed over at once */
async function bareSend(size) {
  const { link, channel } = await bare()
  const cost = await cpuOf(MESSAGES, () => sendAll(channel, size))
  await link.close(never)
  return cost
}

async function bareReceive() {
  const { link, channel } = await bare()
  await sendAll(channel, BATCH)
  const reception = await channel.receive({ start: { at: 'beginning' } }, FLOW, never)
  const cost = await cpuOf(MESSAGES, async () => {
    for (let got = 0; got < MESSAGES; ) got += (await reception.next())?.deliveries.length ?? MESSAGES
  })
  await link.close(never)
  return cost
}

const encoder = new TextEncoder()
const scratch = new Uint8Array(1_024)

/** What a publish does to the value itself: checks it, encodes it, counts its bytes. */
async function encode() {
  let bytes = 0
  const cost = await cpuOf(MESSAGES, async () => {
    for (let at = 0; at < MESSAGES; at++) {
      const checked = notes.schema['~standard'].validate(BODY)
      if (checked instanceof Promise || checked.issues) throw new Error('the text is text')
      bytes += encoder.encodeInto(String(notes.codec.encode(BODY)), scratch).written
    }
  })
  if (bytes !== MESSAGES * BODY.length) throw new Error(`${bytes} bytes`)
  return cost
}

/** What a subscription does to the body itself: decodes and checks it. */
async function decode() {
  let length = 0
  const cost = await cpuOf(MESSAGES, async () => {
    for (let at = 0; at < MESSAGES; at++) {
      const checked = notes.schema['~standard'].validate(notes.codec.decode(BODY))
      if (checked instanceof Promise || checked.issues) throw new Error('the text is text')
      length += String(checked.value).length
    }
  })
  if (length !== MESSAGES * BODY.length) throw new Error(`${length} characters`)
  return cost
}

async function client() {
  const one = createClient({ here, sites: { a: { location: here, driver: memory(engine()), endpoints: ['bench'] } } })
  await one.publish(notes, BODY)
  return one
}

/**
 * All messages, so many at a time. The last of them is acknowledged last: waiting for each is the application's affair.
 * @param {Awaited<ReturnType<typeof client>>} one
 * @param {number} size
 */
async function publishAll(one, size) {
  for (let sent = 0; sent < MESSAGES; sent += size) {
    let last
    for (let at = 0; at < size; at++) last = one.publish(notes, BODY)
    await last
  }
}

/** @param {number} size publishes under way together */
async function clientPublish(size) {
  const one = await client()
  const cost = await cpuOf(MESSAGES, () => publishAll(one, size))
  await one.close()
  return cost
}

async function clientSubscribe() {
  const one = await client()
  await publishAll(one, BATCH)
  const subscription = one.subscribe(notes, {}, { from: 'beginning', buffer: 10_000 })
  const iterator = subscription[Symbol.asyncIterator]()
  const cost = await cpuOf(MESSAGES, async () => {
    for (let got = 0; got < MESSAGES; got++) await iterator.next()
  })
  await subscription.stop()
  await one.close()
  return cost
}

const JOBS = {
  'publish, one at a time': { bare: () => bareSend(1), codec: encode, client: () => clientPublish(1) },
  [`publish, ${BATCH} at a time`]: { bare: () => bareSend(BATCH), codec: encode, client: () => clientPublish(BATCH) },
  'subscribe, 10,000 ahead': { bare: bareReceive, codec: decode, client: clientSubscribe },
}

/** Cost of the layers between an application and its driver, over the memory driver, in this one process. */
export async function layers() {
  console.log(
    `\ncost of the layers (CPU us per message, collecting garbage included; memory driver, 120 B text; median of ${RUNS})`,
  )
  const columns = ['bare', 'codec', 'client', 'layers']
  console.log(`${'job'.padEnd(26)}${columns.map((name) => name.padStart(9)).join('')}`)
  for (const [job, parts] of Object.entries(JOBS)) {
    const { bare, codec, client } = await medians(RUNS, parts)
    const figures = [bare, codec, client, client - bare - codec].map((figure) => figure.toFixed(2).padStart(9))
    console.log(`${job.padEnd(26)}${figures.join('')}`)
  }
}
