import { all, createClient, primary, text, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { cpuOf, medians } from './measure.mjs'

const MESSAGES = 100_000
const BATCH = 500
const RUNS = 3
const BODY = 'x'.repeat(120)
const notes = topic('notes', text, { delivery: 'durable' })
const here = /** @type {const} */ ({ environment: 'on-prem' })
const never = new AbortController().signal
let made = 0

/** @typedef {import('@spanwire/core').Policy<'a' | 'b'>} Both */

function site() {
  const engine = createEngine({ retain: { messages: MESSAGES * 2, bytes: 2 ** 30 } })
  return { location: here, driver: memory(engine), endpoints: ['bench'] }
}

/** @param {'cold' | 'warm'} [standby] */
function alone(standby = 'cold') {
  return createClient({ here, standby, sites: { a: site() } })
}

/** @param {Both} policy @param {'cold' | 'warm'} [standby] */
function pair(policy, standby = 'cold') {
  return createClient({ here, standby, sites: { a: site(), b: site() }, routes: [{ match: '>', policy }] })
}

/** The bare driver: what the wire itself costs, with the same batches. */
async function bareSend() {
  const dial = {
    client: `bench-${++made}`,
    nonce: 'AAAAAAAAAAAAAAAA',
    missing: /** @type {const} */ ('create'),
    credentials: async () => /** @type {const} */ ({ by: 'none' }),
  }
  const link = await site().driver.connect(['bench'], dial, never)
  const channel = await link.open(notes.spec, never)
  const cost = await cpuOf(MESSAGES, async () => {
    for (let sent = 0; sent < MESSAGES; sent += BATCH) await sendOnce(channel, sent)
  })
  await link.close(never)
  return cost
}

/** @param {import('@spanwire/driver').Channel} channel @param {number} from */
function sendOnce(channel, from) {
  const batch = Array.from({ length: BATCH }, (_, at) => ({
    id: `AAAAAAAAAAAAAAAA-1.${from + at + 1}.1700000000000`,
    path: '',
    body: BODY,
  }))
  return new Promise((resolve) => {
    let open = BATCH
    channel.send(batch, () => {
      open -= 1
      if (open === 0) resolve(undefined)
    })
  })
}

/** @param {import('@spanwire/core').Client} client */
async function publishAll(client) {
  for (let sent = 0; sent < MESSAGES; sent += BATCH) {
    let last
    for (let at = 0; at < BATCH; at++) last = client.publish(notes, BODY)
    await last
  }
}

/** @param {() => import('@spanwire/core').Client} make */
async function publish(make) {
  const client = make()
  await client.publish(notes, BODY)
  const cost = await cpuOf(MESSAGES, () => publishAll(client))
  await client.close()
  return cost
}

/** What was published before, read from the beginning: under `all` each message comes twice, and one copy is swallowed. @param {() => import('@spanwire/core').Client} make */
async function read(make) {
  const client = make()
  await publishAll(client)
  const subscription = client.subscribe(notes, {}, { from: 'beginning', buffer: 10_000 })
  const iterator = subscription[Symbol.asyncIterator]()
  const cost = await cpuOf(MESSAGES, async () => {
    for (let got = 0; got < MESSAGES; got++) await iterator.next()
  })
  await subscription.stop()
  await client.close()
  return cost
}

/** What the core above a driver costs that fails over: CPU per message in us, and the bare driver as a part of it. */
export async function failover() {
  const cost = await medians(RUNS, {
    bare: bareSend,
    alone: () => publish(alone),
    primary: () => publish(() => pair(primary('a', 'b'))),
    warm: () => publish(() => pair(primary('a', 'b'), 'warm')),
    all: () => publish(() => pair(all())),
    readAlone: () => read(alone),
    readPrimary: () => read(() => pair(primary('a', 'b'))),
    readAll: () => read(() => pair(all())),
  })
  console.log('| job, 500 at a time | us a message | bare as a part of it |')
  console.log('| --- | --- | --- |')
  const rows = {
    'send, bare driver': cost.bare,
    'publish, one site': cost.alone,
    'publish, primary of two sites': cost.primary,
    'publish, primary of two sites, warm standby': cost.warm,
    'publish, all of two sites': cost.all,
  }
  for (const [job, us] of Object.entries(rows))
    console.log(`| ${job} | ${us.toFixed(2)} | ${(cost.bare / us).toFixed(2)} |`)
  console.log()
  console.log(`Routing between two sites: ${(cost.primary - cost.alone).toFixed(2)} us a message.`)
  console.log(`Reading: ${cost.readAlone.toFixed(2)} us of one site, ${cost.readPrimary.toFixed(2)} of two.`)
  console.log(
    `Under all: ${cost.readAll.toFixed(2)}, so receiving and swallowing a second copy costs ${(cost.readAll - cost.readPrimary).toFixed(2)}.`,
  )
}
