import { createClient, json, primary, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'

const SECONDS = 30
const PER_SECOND = 1_000
const BODY = { text: 'x'.repeat(1_000) }
const here = /** @type {const} */ ({ environment: 'on-prem' })
const quotes = topic('quotes', json, { delivery: 'durable' })
const sleep = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Both sites are away while the application goes on publishing: what that takes in memory, and what becomes of the messages. */
export async function outage() {
  const engines = { a: createEngine({ name: 'a' }), b: createEngine({ name: 'b' }) }
  const client = createClient({
    here,
    sites: {
      a: { location: here, driver: memory(engines.a), endpoints: ['a'] },
      b: { location: here, driver: memory(engines.b), endpoints: ['b'] },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
  })
  const outcomes = { done: 0, refused: 0, other: 0 }
  const publish = () =>
    client.publish(quotes, BODY).then(
      () => void outcomes.done++,
      ({ code }) => void outcomes[code === 'unavailable' ? 'refused' : 'other']++,
    )
  let sent = 0
  let since = performance.now()
  /** @param {number} seconds after the beginning of this stretch */
  const until = async (seconds) => {
    for (; sent < seconds * PER_SECOND; await sleep(10)) {
      const due = Math.min(seconds, (performance.now() - since) / 1_000) * PER_SECOND
      for (; sent < due; sent++) void publish()
    }
  }
  // As it is in service: warm, and with what is retained for a lost site.
  await until(SECONDS)
  const before = rssMb()
  const { done } = outcomes
  engines.a.kill()
  engines.b.kill()
  let most = before
  sent = 0
  since = performance.now()
  for (let at = 1; at <= SECONDS; at++) {
    await until(at)
    most = Math.max(most, rssMb())
  }
  engines.a.restart({ data: 'keep' })
  while (outcomes.done + outcomes.refused + outcomes.other < 2 * SECONDS * PER_SECOND) await sleep(100)
  console.log(
    '| published in the outage | refused | otherwise failed | delivered on return | RSS before, MB | most, MB more |',
  )
  console.log('| --- | --- | --- | --- | --- | --- |')
  const { refused, other } = outcomes
  const row = [
    SECONDS * PER_SECOND,
    refused,
    other,
    outcomes.done - done,
    before.toFixed(0),
    (most - before).toFixed(0),
  ]
  console.log(`| ${row.join(' | ')} |`)
  await client.close()
}

function rssMb() {
  return process.memoryUsage().rss / 2 ** 20
}
