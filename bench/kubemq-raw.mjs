import { costOf, costOfComing, inFlight } from './measure.mjs'

/** Bare grpc-js with the calls that the driver makes, as one would write them by hand. */

const BODY = Buffer.from('x'.repeat(200))
const BATCH = 500
const PART = 100
const PATIENCE_MS = 3_000
const NO_BYTES = new Uint8Array()

let ids = 0
const id = () => `raw-${(ids++).toString(36)}`

/** @param {import('./kubemq.mjs').Bench} bench @returns {import('./kubemq.mjs').Side} */
export function raw({ endpoint, wire }) {
  const client = new wire.kubemqClient(endpoint, wire.credentials.createInsecure())
  return {
    ...events(client, wire),
    ...queue(client, wire),
    request: (width, count) => costOf(count, () => inFlight(width, count, () => ask(client, wire))),
    close: async () => client.close(),
  }
}

/** @param {InstanceType<import('./kubemq.mjs').Wire['kubemqClient']>} client @param {import('./kubemq.mjs').Wire} wire */
function events(client, { EventsStoreType, SubscribeType }) {
  const live = client.sendEventsStream()
  live.on('data', () => undefined)
  live.on('error', () => undefined)
  const kept = client.sendEventsStream()
  /** @type {Map<string, () => void>} */
  const waiting = new Map()
  kept.on('data', ({ eventId, sent }) => {
    if (!sent) throw new Error('not stored')
    waiting.get(eventId)?.()
    waiting.delete(eventId)
  })
  kept.on('error', () => undefined)
  /** @param {string} channel @param {boolean} store */
  const event = (channel, store) => ({
    eventId: id(),
    clientId: 'bench-raw',
    channel,
    metadata: '',
    body: BODY,
    store,
    tags: {},
  })
  /** @param {string} channel @param {import('./kubemq-wire.js').SubscribeType} kind @param {import('./kubemq-wire.js').EventsStoreType} from */
  const subscribe = (channel, kind, from) =>
    client.subscribeToEvents({
      subscribeTypeData: kind,
      clientId: id(),
      channel,
      group: '',
      eventsStoreTypeData: from,
      eventsStoreTypeValue: 0n,
    })
  return {
    publish: (/** @type {number} */ count) =>
      costOf(count, () =>
        batches(count, BATCH, (written) => {
          for (let at = 0; at < BATCH; at++) live.write(event('seen.a', false), written)
        }),
      ),
    listen: async (/** @type {number} */ count, /** @type {() => Promise<void>} */ published) => {
      const stream = subscribe('seen.*', SubscribeType.EVENTS, EventsStoreType.UNDEFINED)
      await inPlace()
      const cost = costOfComing(count, (hear) => heard(stream, hear))
      await published()
      const done = await cost
      stream.cancel()
      return done
    },
    store: (/** @type {number} */ count) =>
      costOf(count, () =>
        batches(count, BATCH, (stored) => {
          for (let at = 0; at < BATCH; at++) {
            const one = event('kept', true)
            waiting.set(one.eventId, stored)
            kept.write(one)
          }
        }),
      ),
    read: (/** @type {number} */ count) =>
      costOf(count, () => came(subscribe('read', SubscribeType.EVENTS_STORE, EventsStoreType.START_FROM_FIRST), count)),
  }
}

/** @param {InstanceType<import('./kubemq.mjs').Wire['kubemqClient']>} client @param {import('./kubemq.mjs').Wire} wire */
function queue(client, { QueuesDownstreamRequestType: Type }) {
  const up = client.queuesUpstream()
  /** @type {Map<string, () => void>} */
  const sent = new Map()
  up.on(
    'data',
    (/** @type {import('./kubemq-wire.js').QueuesUpstreamResponse} */ { isError, refRequestId, results }) => {
      if (isError || results.some((one) => one.isError)) throw new Error('refused')
      sent.get(refRequestId)?.()
      sent.delete(refRequestId)
    },
  )
  up.on('error', () => undefined)
  const down = client.queuesDownstream()
  /** @type {Map<string, (answer: import('./kubemq-wire.js').QueuesDownstreamResponse) => void>} */
  const asked = new Map()
  down.on('data', (answer) => {
    asked.get(answer.refRequestId)?.(answer)
    asked.delete(answer.refRequestId)
  })
  down.on('error', () => undefined)
  /** @param {Partial<import('./kubemq-wire.js').QueuesDownstreamRequest>} request @param {((answer: import('./kubemq-wire.js').QueuesDownstreamResponse) => void)} [answered] */
  const say = (request, answered) => {
    const requestId = id()
    if (answered) asked.set(requestId, answered)
    down.write({ ...BLANK, waitTimeout: 1_000, clientId: 'bench-raw', channel: 'jobs', requestId, ...request })
  }
  const BLANK = {
    requestTypeData: Type.UNKNOWN,
    maxItems: 0,
    autoAck: false,
    reQueueChannel: '',
    sequenceRange: [],
    refTransactionId: '',
    metadata: {},
  }
  return {
    send: (/** @type {number} */ count) =>
      costOf(count, () =>
        batches(count, PART, (done) => {
          const requestId = id()
          const answered = () => {
            clearTimeout(late)
            for (let at = 0; at < PART; at++) done()
          }
          // The server stores some requests and never answers them.
          const late = setTimeout(answered, PATIENCE_MS)
          sent.set(requestId, answered)
          up.write({ requestId, messages: Array.from({ length: PART }, job) })
        }),
      ),
    drain: (/** @type {number} */ count) =>
      costOf(count, async () => {
        for (let got = 0; got < count; ) {
          const answer = await new Promise(
            (/** @type {(answer: import('./kubemq-wire.js').QueuesDownstreamResponse) => void} */ resolve) =>
              say({ requestTypeData: Type.GET, maxItems: Math.min(PART, count - got) }, resolve),
          )
          const { messages, transactionId: refTransactionId } = answer
          const sequenceRange = messages.map(({ attributes }) => attributes?.sequence ?? 0n)
          got += messages.length
          say({ requestTypeData: Type.ACK_RANGE, refTransactionId, sequenceRange })
          say({ requestTypeData: Type.CLOSE_BY_CLIENT, refTransactionId })
          await new Promise((resolve) => say({ requestTypeData: Type.ACTIVE_OFFSETS, refTransactionId }, resolve))
        }
      }),
  }
}

function job() {
  const message = { messageId: id(), clientId: 'bench-raw', channel: 'jobs', metadata: '', body: BODY, tags: {} }
  return { ...message, attributes: undefined, policy: undefined }
}

/** @param {InstanceType<import('./kubemq.mjs').Wire['kubemqClient']>} client @param {import('./kubemq.mjs').Wire} wire @returns {Promise<void>} */
function ask(client, { Metadata, RequestType }) {
  const request = { requestId: id(), requestTypeData: RequestType.QUERY, clientId: 'bench-raw', channel: 'asked' }
  const rest = { metadata: '', body: BODY, replyChannel: '', timeout: 5_000, cacheKey: '', cacheTtl: 0 }
  return new Promise((resolve, reject) => {
    const message = { ...request, ...rest, span: NO_BYTES, tags: {} }
    client.sendRequest(message, new Metadata(), { deadline: Date.now() + 7_000 }, (error, response) => {
      if (error) reject(error)
      else if (response.body.length !== BODY.length) reject(new Error('another answer'))
      else resolve()
    })
  })
}

/** `start` begins one batch, and calls back once for each of its messages. @param {number} count @param {number} size @param {(done: () => void) => void} start */
export async function batches(count, size, start) {
  for (let at = 0; at < count; at += size)
    await new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      let open = size
      start(() => {
        open -= 1
        if (open === 0) resolve()
      })
    })
}

/** The server does not say when a subscription is in place. */
export function inPlace() {
  return new Promise((resolve) => setTimeout(resolve, 100))
}

/**
 * @param {import('@grpc/grpc-js').ClientReadableStream<import('./kubemq-wire.js').EventReceive>} stream
 * @param {(some: number) => void} hear
 */
function heard(stream, hear) {
  stream.on('error', () => undefined)
  stream.on('data', ({ body }) => {
    if (body.length !== BODY.length) throw new Error(`${body.length} bytes came`)
    hear(1)
  })
}

/** @param {import('@grpc/grpc-js').ClientReadableStream<import('./kubemq-wire.js').EventReceive>} stream @param {number} count @returns {Promise<void>} */
function came(stream, count) {
  return new Promise((resolve, reject) => {
    let [got, bytes] = [0, 0]
    stream.on('error', (error) => got < count && reject(error))
    stream.on('data', ({ body }) => {
      got += 1
      bytes += body.length
      if (got !== count) return
      stream.cancel()
      if (bytes === count * BODY.length) resolve()
      else reject(new Error(`${bytes} bytes came`))
    })
  })
}
