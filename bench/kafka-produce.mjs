import { costOf, put } from './measure.mjs'

/** Bytes to a topic of three partitions, 500 at a time, each batch awaited before the next. */

export const BATCH = 500
const COUNT = 30_000
const VALUE = Buffer.from('x'.repeat(200))
export const KEYS = Array.from({ length: 30 }, (_, at) => `k${at}`)

/** @param {import('./kafka.mjs').Bench} bench @returns {import('./kafka.mjs').Job[]} */
export function producing({ topic, raw, ours }) {
  const records = Array.from({ length: BATCH }, (_, at) => ({ key: KEYS[at % KEYS.length] ?? '', value: VALUE }))
  const messages = records.map(({ key, value }) => ({ path: key, body: value }))
  /** @param {() => Promise<unknown>} send */
  const whole = (send) => () =>
    costOf(COUNT, async () => {
      for (let sent = 0; sent < COUNT; sent += BATCH) await send()
    })
  return [
    {
      job: 'produce, bytes, 500 in flight',
      parts: {
        kafkajs: whole(() => raw.kafkajs.send(topic, records)),
        'ours on kafkajs': whole(() => put(ours.kafkajs, messages)),
        platformatic: whole(() => raw.platformatic.send(topic, records)),
        'ours on platformatic': whole(() => put(ours.platformatic, messages)),
      },
    },
  ]
}
