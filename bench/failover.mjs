import { all, createClient, json, primary, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { cpuOf, medians } from './measure.mjs'

/** @typedef {import('@spanwire/driver').Channel} Channel */

const MESSAGES = 100_000
const BATCH = 500
const RUNS = 5
const VALUE = { at: 1, symbol: 'AAPL', price: 1.25, text: 'x'.repeat(80) }
const BODY = JSON.stringify(VALUE)
const notes = topic('notes', json, { delivery: 'durable' })
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

/**
 * The driver without a client, 500 messages under way together.
 * @param {(channel: Channel, from: number) => Promise<unknown>} publishSome
 */
async function bare(publishSome) {
  const dial = {
    client: `bench-${++made}`,
    nonce: 'AAAAAAAAAAAAAAAA',
    missing: /** @type {const} */ ('create'),
    credentials: async () => /** @type {const} */ ({ by: 'none' }),
  }
  const link = await site().driver.connect(['bench'], dial, never)
  const channel = await link.open(notes.spec, never)
  const cost = await cpuOf(MESSAGES, async () => {
    for (let sent = 0; sent < MESSAGES; sent += BATCH) await publishSome(channel, sent)
  })
  await link.close(never)
  return cost
}

/** @param {number} seq */
function message(seq) {
  return { id: idOf(seq), path: '', body: JSON.stringify(VALUE) }
}

/** @param {number} seq */
function idOf(seq) {
  return `AAAAAAAAAAAAAAAA-1.${seq}.1700000000000`
}

/** As an application calls a driver: its value as JSON, and a promise of each message's own outcome. @param {Channel} channel @param {number} from */
function each(channel, from) {
  let last
  for (let at = 1; at <= BATCH; at++) last = put(channel, message(from + at))
  return /** @type {Promise<unknown>} */ (last)
}

/** @param {Channel} channel @param {import('@spanwire/driver').Outgoing} out */
function put(channel, out) {
  return new Promise((resolve, reject) => {
    channel.send([out], (_, outcome) => {
      if (outcome.outcome === 'done') resolve(outcome)
      else reject(outcome.error)
    })
  })
}

/** As one that also gathers batches, as a client does for it. @param {Channel} channel @param {number} from */
function gathered(channel, from) {
  /** @type {import('@spanwire/driver').Outgoing[]} */
  const batch = []
  /** @type {{ resolve: (outcome: unknown) => void, reject: (error: unknown) => void }[]} */
  const callers = []
  let last
  for (let at = 1; at <= BATCH; at++) {
    batch.push(message(from + at))
    last = new Promise((resolve, reject) => callers.push({ resolve, reject }))
  }
  channel.send(batch, (index, outcome) => {
    if (outcome.outcome === 'done') callers[index]?.resolve(outcome)
    else callers[index]?.reject(outcome.error)
  })
  return /** @type {Promise<unknown>} */ (last)
}

/** What the wire itself costs: a body made beforehand, and one promise for all. @param {Channel} channel @param {number} from */
function blind(channel, from) {
  const batch = Array.from({ length: BATCH }, (_, at) => ({ id: idOf(from + at + 1), path: '', body: BODY }))
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
    for (let at = 0; at < BATCH; at++) last = client.publish(notes, VALUE)
    await last
  }
}

/** @param {() => import('@spanwire/core').Client} make */
async function publish(make) {
  const client = make()
  await client.publish(notes, VALUE)
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

/**
 * What the core above a driver costs that fails over: CPU per message in us, and the bare driver as a part of it. Bare, an
 * application has to do what `publish` does for it: a value becomes JSON, and its outcome a promise.
 */
export async function failover() {
  const cost = await medians(RUNS, {
    each: () => bare(each),
    gathered: () => bare(gathered),
    blind: () => bare(blind),
    alone: () => publish(alone),
    primary: () => publish(() => pair(primary('a', 'b'))),
    warm: () => publish(() => pair(primary('a', 'b'), 'warm')),
    all: () => publish(() => pair(all())),
    readAlone: () => read(alone),
    readPrimary: () => read(() => pair(primary('a', 'b'))),
    readAll: () => read(() => pair(all())),
  })
  console.log(
    '| job, 500 under way | us a message | bare, a send each, as a part of it | bare, gathered, as a part of it |',
  )
  console.log('| --- | --- | --- | --- |')
  const rows = {
    'bare driver, prebuilt bodies, one promise for 500': cost.blind,
    'bare driver, JSON, a promise each, gathered by hand': cost.gathered,
    'bare driver, JSON, a promise and a send each': cost.each,
    'publish, one site': cost.alone,
    'publish, primary of two sites': cost.primary,
    'publish, primary of two sites, warm standby': cost.warm,
    'publish, all of two sites': cost.all,
  }
  for (const [job, us] of Object.entries(rows))
    console.log(`| ${job} | ${us.toFixed(2)} | ${(cost.each / us).toFixed(2)} | ${(cost.gathered / us).toFixed(2)} |`)
  console.log()
  console.log(`Routing between two sites: ${(cost.primary - cost.alone).toFixed(2)} us a message.`)
  console.log(`Reading: ${cost.readAlone.toFixed(2)} us of one site, ${cost.readPrimary.toFixed(2)} of two.`)
  console.log(
    `Under all: ${cost.readAll.toFixed(2)}, so receiving and swallowing a second copy costs ${(cost.readAll - cost.readPrimary).toFixed(2)}.`,
  )
}
