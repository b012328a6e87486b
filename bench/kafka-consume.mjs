import { BATCH, KEYS } from './kafka-produce.mjs'
import { costOf, put } from './measure.mjs'

/** What lies in a topic of three partitions, from its beginning: connecting a consumer of a library and its group are within its figures. */

const COUNT = 100_000
const VALUE = Buffer.from('x'.repeat(200))
const FLOW = { messages: 10_000, bytes: 16 << 20 }
const never = new AbortController().signal

/** @typedef {import('@spanwire/driver').Channel} Channel */

/** @param {import('./kafka.mjs').Bench} bench @returns {import('./kafka.mjs').Job[]} */
export function consuming({ topic, raw, ours }) {
  const fill = filling(ours.kafkajs)
  /** @param {import('./kafka-raw.mjs').RawClient} client */
  const plain = (client) => async () => {
    await fill()
    let bytes = 0
    const cost = await costOf(COUNT, () =>
      client.read(topic, COUNT, ({ value }) => {
        bytes += value?.length ?? 0
      }),
    )
    assertAll(bytes)
    return cost
  }
  /** @param {Channel} channel */
  const own = (channel) => async () => {
    await fill()
    return costOf(COUNT, async () => {
      const reception = await channel.receive({ start: { at: 'beginning' } }, FLOW, never)
      await take(reception, COUNT)
      await reception.stop(never)
    })
  }
  return [
    {
      job: 'consume, bytes, from the beginning',
      parts: {
        kafkajs: plain(raw.kafkajs),
        'ours on kafkajs': own(ours.kafkajs),
        platformatic: plain(raw.platformatic),
        'ours on platformatic': own(ours.platformatic),
      },
    },
  ]
}

/** At least as many as are read. @param {Channel} channel */
export function filling(channel) {
  const batch = Array.from({ length: BATCH }, (_, at) => ({ path: KEYS[at % KEYS.length] ?? '', body: VALUE }))
  let isFull = false
  return async () => {
    if (isFull) return
    isFull = true
    for (let sent = 0; sent < COUNT; sent += BATCH) await put(channel, batch)
  }
}

/** @param {import('@spanwire/driver').Reception} reception @param {number} count */
async function take(reception, count) {
  let bytes = 0
  for (let got = 0; got < count; ) {
    const batch = await reception.next()
    if (batch === undefined || batch.lost) throw new Error(`lost after ${got}: ${JSON.stringify(batch?.lost)}`)
    for (const { body } of batch.deliveries) {
      if (got++ < count) bytes += body.length
    }
  }
  assertAll(bytes)
}

/** @param {number} bytes */
function assertAll(bytes) {
  if (bytes !== COUNT * VALUE.length) throw new Error(`${bytes} bytes came`)
}
