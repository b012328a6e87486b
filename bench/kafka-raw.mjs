import { Consumer, MessagesStreamModes, ProduceAcks, Producer } from '@platformatic/kafka'
import { Kafka, logLevel } from 'kafkajs'

/** The two libraries as their users call them, told the same: all replicas confirm, nothing compressed, nothing tried again. */

/** @typedef {{ readonly key: string, readonly value: Buffer, readonly headers?: Record<string, string> }} Raw */
/** @typedef {{ readonly key: Buffer | null | undefined, readonly value: Buffer | null | undefined, readonly headers?: unknown }} Got */

/**
 * @typedef {object} RawClient
 * @property {(topic: string, records: readonly Raw[]) => Promise<unknown>} send
 * @property {(topic: string, count: number, take: (record: Got) => void) => Promise<void>} read From the beginning, as a group of its own that commits nothing.
 */

/** @typedef {{ readonly kafkajs: RawClient, readonly platformatic: RawClient, close(): Promise<void> }} RawClients */

const MAX_WAIT_MS = 250
let groups = 0

/** @param {string} endpoint @returns {Promise<RawClients>} */
export async function rawClients(endpoint) {
  const js = new Kafka({ clientId: 'bench', brokers: [endpoint], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
  const jsProducer = js.producer({ allowAutoTopicCreation: false })
  await jsProducer.connect()
  const options = { clientId: 'bench', bootstrapBrokers: [endpoint], retries: 0, autocreateTopics: false }
  const plProducer = new Producer(options)
  return {
    kafkajs: {
      send: (topic, records) => jsProducer.send({ topic, acks: -1, messages: [...records] }),
      read: (topic, count, take) => readKafkajs(js, topic, count, take),
    },
    platformatic: {
      send: (topic, records) =>
        plProducer.send({ acks: ProduceAcks.ALL, messages: records.map((record) => plRecord(topic, record)) }),
      read: (topic, count, take) => readPlatformatic(options, topic, count, take),
    },
    close: async () => {
      await jsProducer.disconnect()
      await plProducer.close()
    },
  }
}

/** @param {string} topic @param {Raw} record */
function plRecord(topic, { key, value, headers }) {
  return {
    topic,
    key: Buffer.from(key),
    value,
    ...(headers && {
      headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
    }),
  }
}

/** @param {Kafka} js @param {string} topic @param {number} count @param {(record: Got) => void} take */
async function readKafkajs(js, topic, count, take) {
  const consumer = js.consumer({ groupId: `bench-${++groups}`, maxWaitTimeInMs: MAX_WAIT_MS })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let got = 0
  await new Promise((resolve, reject) => {
    consumer
      .run({
        autoCommit: false,
        eachBatchAutoResolve: true,
        eachBatch: async ({ batch }) => {
          for (const record of batch.messages) {
            if (got === count) break
            take(record)
            if (++got === count) resolve(undefined)
          }
        },
      })
      .catch(reject)
  })
  await consumer.disconnect()
}

/** @param {{ clientId: string, bootstrapBrokers: string[] }} options @param {string} topic @param {number} count @param {(record: Got) => void} take */
async function readPlatformatic(options, topic, count, take) {
  const consumer = new Consumer({ ...options, groupId: `bench-${++groups}`, maxWaitTime: MAX_WAIT_MS })
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false })
  let got = 0
  for await (const record of stream) {
    take(record)
    if (++got === count) break
  }
  // oxlint-disable-next-line typescript/await-thenable -- of its two forms the types take this for the one with a callback
  await consumer.close(true)
}
