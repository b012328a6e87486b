import { Kafka, logLevel } from 'kafkajs'
import { costOf, inFlight, put } from './measure.mjs'

/** Jobs and requests over a channel of ours, against a program on kafkajs that does the same by hand. */

const JOBS = 10_000
const BATCH = 500
const REQUESTS = 500
const MANY_REQUESTS = 5_000
const BODY = Buffer.from('x'.repeat(200))
const FLOW = { messages: 1_000, bytes: 16 << 20 }
const PARTITIONS = 3
const never = new AbortController().signal

/** @typedef {import('@spanwire/driver').Channel} Channel */
/** @typedef {import('@spanwire/driver').Link} Link */

/** @param {string} endpoint @param {Link} link @returns {Promise<{ readonly jobs: import('./kafka.mjs').Job[], close(): Promise<void> }>} */
export async function workJobs(endpoint, link) {
  const raw = await rawWork(endpoint)
  const queue = await ownQueue(link)
  const ask = await ownRequests(link)
  const requests = (/** @type {() => Promise<unknown>} */ one) => ({
    one: () => costOf(REQUESTS, () => inFlight(1, REQUESTS, one)),
    many: () => costOf(MANY_REQUESTS, () => inFlight(100, MANY_REQUESTS, one)),
  })
  const [ours, theirs] = [requests(ask), requests(raw.ask)]
  const jobs = [
    {
      job: 'queue, sent, taken, committed',
      parts: { kafkajs: () => costOf(JOBS, raw.drain), 'ours on kafkajs': () => costOf(JOBS, queue) },
    },
    { job: 'request, 1 in flight', parts: { kafkajs: theirs.one, 'ours on kafkajs': ours.one } },
    { job: 'request, 100 in flight', parts: { kafkajs: theirs.many, 'ours on kafkajs': ours.many } },
  ]
  return { jobs, close: raw.close }
}

/** Resolves when all were taken and their settlement is confirmed. @param {Link} link */
async function ownQueue(link) {
  const channel = await link.open({ name: 'bench-jobs', params: 1, kind: 'queue', leaseMs: 30_000 }, never)
  const reception = await channel.receive({}, FLOW, never)
  const batch = Array.from({ length: BATCH }, (_, at) => ({ path: `k${at % 30}`, body: BODY }))
  const take = async () => {
    /** @type {Promise<void>[]} */
    const settled = []
    while (settled.length < JOBS) {
      const got = await reception.next()
      if (got === undefined) throw new Error('the reception ended')
      for (const one of got.deliveries) settled.push(one.settle('ack'))
    }
    await Promise.all(settled)
  }
  return async () => {
    const taking = take()
    for (let sent = 0; sent < JOBS; sent += BATCH) await put(channel, batch)
    await taking
  }
}

/** @param {Link} link */
async function ownRequests(link) {
  const channel = await link.open({ name: 'bench-asked', params: 0, kind: 'rpc' }, never)
  const reception = await channel.receive({}, FLOW, never)
  const answer = async () => {
    for (let got = await reception.next(); got !== undefined; got = await reception.next())
      for (const one of got.deliveries) one.settle({ body: one.body }).catch(() => {})
  }
  void answer().catch(() => {})
  const message = { path: '', body: BODY, ttlMs: 30_000 }
  return () => put(channel, [message])
}

/** @param {string} endpoint */
async function rawWork(endpoint) {
  const js = new Kafka({ clientId: 'work', brokers: [endpoint], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
  const admin = js.admin()
  await admin.connect()
  const topics = [
    { topic: 'raw-jobs', numPartitions: PARTITIONS },
    { topic: 'raw-asked', numPartitions: PARTITIONS },
    { topic: 'raw-answers', numPartitions: 1 },
  ]
  await admin.createTopics({ topics, waitForLeaders: true })
  const producer = js.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  const send = (/** @type {string} */ topic, /** @type {import('kafkajs').Message[]} */ messages) =>
    producer.send({ topic, acks: -1, messages })
  const jobs = await rawQueue(js, send)
  const asking = await rawRequests(js, send)
  const close = async () => {
    await Promise.all([jobs.close(), asking.close()])
    await producer.disconnect()
    await admin.disconnect()
  }
  return { drain: jobs.drain, ask: asking.ask, close }
}

/** @typedef {(topic: string, messages: import('kafkajs').Message[]) => Promise<unknown>} Send */

/** @param {Kafka} js @param {Send} send */
async function rawQueue(js, send) {
  let left = 0
  let done = () => {}
  const consumer = await running(
    js,
    'raw-jobs',
    async ({ batch, resolveOffset, commitOffsetsIfNecessary, uncommittedOffsets }) => {
      for (const { offset } of batch.messages) resolveOffset(offset)
      await commitOffsetsIfNecessary(uncommittedOffsets())
      left -= batch.messages.length
      if (left === 0) done()
    },
  )
  const records = Array.from({ length: BATCH }, (_, at) => ({ key: `k${at % 30}`, value: BODY }))
  const drain = async () => {
    left = JOBS
    const taken = new Promise((resolve) => {
      done = () => resolve(undefined)
    })
    for (let sent = 0; sent < JOBS; sent += BATCH) await send('raw-jobs', records)
    await taken
  }
  return { drain, close: () => consumer.disconnect() }
}

/** @param {Kafka} js @param {Send} send */
async function rawRequests(js, send) {
  /** @type {Map<string, () => void>} */
  const open = new Map()
  let number = 0
  const responder = await running(js, 'raw-asked', async ({ batch }) => {
    const answers = batch.messages.map(({ value, headers }) => ({ value, headers: { id: headers?.['id'] } }))
    await send('raw-answers', answers)
  })
  const inbox = await running(js, 'raw-answers', async ({ batch }) => {
    for (const { headers } of batch.messages) {
      const id = String(headers?.['id'])
      open.get(id)?.()
      open.delete(id)
    }
  })
  const ask = () =>
    new Promise((resolve, reject) => {
      const id = String(++number)
      open.set(id, () => resolve(undefined))
      send('raw-asked', [{ value: BODY, headers: { id } }]).catch(reject)
    })
  const close = async () => void (await Promise.all([responder.disconnect(), inbox.disconnect()]))
  return { ask, close }
}

/** A member of a group of its own that has its share. @param {Kafka} js @param {string} topic @param {import('kafkajs').EachBatchHandler} eachBatch */
async function running(js, topic, eachBatch) {
  const consumer = js.consumer({ groupId: `${topic}-group`, maxWaitTimeInMs: 250 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  await consumer.run({ eachBatch })
  await joined
  return consumer
}
