import { filling } from './kafka-consume.mjs'
import { middle } from './measure.mjs'

/** How long after asking the first message is there: of a topic that holds some, without a group where that can be. */

const TRIES = 31
const never = new AbortController().signal
const FLOW = { messages: 100, bytes: 1 << 20 }

/** @param {import('./kafka.mjs').Bench} bench */
export async function firstMessages({ topic, raw, ours }) {
  await filling(ours.kafkajs)()
  const ways = {
    'kafkajs, a group of its own': () => raw.kafkajs.read(topic, 1, () => undefined),
    'platformatic, a group of its own': () => raw.platformatic.read(topic, 1, () => undefined),
    'ours on kafkajs': () => first(ours.kafkajs),
    'ours on platformatic': () => first(ours.platformatic),
  }
  console.log(
    `\nfirst message, ms (median of ${TRIES}; the libraries connect and disconnect a consumer, ours is a link that is up)`,
  )
  /** @type {Record<string, number[]>} */
  const took = {}
  for (let turn = 0; turn <= TRIES; turn++) {
    for (const [name, way] of Object.entries(ways)) {
      const since = performance.now()
      await way()
      if (turn > 0) took[name] = [...(took[name] ?? []), performance.now() - since]
    }
  }
  for (const [name, ms] of Object.entries(took)) console.log(`  ${name.padEnd(34)}${middle(ms).toFixed(1).padStart(8)}`)
}

/** @param {import('@spanwire/driver').Channel} channel */
async function first(channel) {
  const reception = await channel.receive({ start: { at: 'beginning' } }, FLOW, never)
  for (;;) {
    const batch = await reception.next()
    if (batch === undefined || batch.deliveries.length > 0) break
  }
  await reception.stop(AbortSignal.abort())
}
