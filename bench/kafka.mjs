import { kafka as driver, kafkajs, platformatic } from '@spanwire/driver-kafka'
import { startEngines } from '@spanwire/testkit/engines'
import { clientJobs } from './kafka-client.mjs'
import { consuming } from './kafka-consume.mjs'
import { firstMessages } from './kafka-first.mjs'
import { producing } from './kafka-produce.mjs'
import { rawClients } from './kafka-raw.mjs'
import { workJobs } from './kafka-work.mjs'
import { medianCosts } from './measure.mjs'

const RUNS = 5
const never = new AbortController().signal
const MADE = /** @type {const} */ ({ name: 'made', params: 1, kind: 'topic', keep: 'durable', latest: false })

/**
 * @typedef {import('./measure.mjs').Cost} Cost
 * @typedef {{ readonly job: string, readonly parts: Record<string, () => Promise<Cost>> }} Job The first part is what the others are compared with.
 * @typedef {{ readonly endpoint: string, readonly topic: string, readonly raw: import('./kafka-raw.mjs').RawClients, readonly ours: Record<'kafkajs' | 'platformatic', import('@spanwire/driver').Channel> }} Bench
 */

/** Our driver on both of its ports, and our client, against plain kafkajs and plain @platformatic/kafka, on one real broker, in turns. */
export async function kafka() {
  const engines = await startEngines({ engine: 'kafka' })
  try {
    await against(engines.sites[0]?.endpoints[0] ?? '')
  } finally {
    await engines.stop()
  }
}

/** @param {string} endpoint */
async function against(endpoint) {
  const links = { kafkajs: await dial(endpoint, kafkajs()), platformatic: await dial(endpoint, platformatic()) }
  const ours = {
    kafkajs: await links.kafkajs.open(MADE, never),
    platformatic: await links.platformatic.open(MADE, never),
  }
  const raw = await rawClients(endpoint)
  const [only] = process.argv.slice(3)
  try {
    const bench = { endpoint, topic: MADE.name, raw, ours }
    const client = await clientJobs(bench)
    const work = await workJobs(endpoint, links.kafkajs)
    console.log(`\nKafka (CPU us of this process per message and thousands a second; median of ${RUNS}; 200 B)`)
    for (const job of [...producing(bench), ...consuming(bench), ...client.jobs, ...work.jobs]) {
      if (only === undefined || job.job.includes(only)) print(job.job, await medianCosts(RUNS, job.parts))
    }
    await client.close()
    await work.close()
    if (only === undefined || 'first message'.includes(only)) await firstMessages(bench)
  } finally {
    await raw.close()
    for (const link of Object.values(links)) await link.close(never)
  }
}

/** @param {string} endpoint @param {import('@spanwire/driver-kafka').KafkaPort} port */
function dial(endpoint, port) {
  const credentials = async () => /** @type {const} */ ({ by: 'none' })
  const how = /** @type {const} */ ({ client: 'bench', nonce: 'A'.repeat(16), missing: 'create', credentials })
  return driver({ port, partitions: 3 }).connect([endpoint], how, never)
}

/** @param {string} job @param {Record<string, Cost>} costs */
function print(job, costs) {
  const [first] = Object.entries(costs)
  if (first === undefined) throw new Error(`${job} has no parts`)
  const [than, base] = first
  console.log(`\n${job}`)
  for (const [name, { cpuUs, perSecond }] of Object.entries(costs)) {
    const rate = (perSecond / base.perSecond).toFixed(2)
    const cpu = (cpuUs / base.cpuUs).toFixed(2)
    console.log(
      `  ${name.padEnd(26)}${cpuUs.toFixed(2).padStart(8)} us${(perSecond / 1_000).toFixed(1).padStart(8)} k/s   ${rate} of the rate, ${cpu} of the CPU of ${than}`,
    )
  }
}
