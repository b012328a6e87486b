/** The other side of the KubeMQ bench, in a process of its own: answers requests, publishes on command. Bare grpc-js for every candidate. */

// Nobody is left behind when the bench ends early.
process.on('disconnect', () => process.exit())

const [endpoint = ''] = process.argv.slice(2)
const BODY = Buffer.from('x'.repeat(200))
const CHUNK = 500
/** @type {import('./kubemq.mjs').Wire} */
const wire = await import(new URL('dist/kubemq-wire.js', import.meta.url).href)
const { credentials, EventsStoreType, kubemqClient, SubscribeType } = wire
const client = new kubemqClient(endpoint, credentials.createInsecure())
const NO_BYTES = new Uint8Array()

const requests = client.subscribeToRequests({
  subscribeTypeData: SubscribeType.QUERIES,
  clientId: 'bench-peer',
  channel: 'asked',
  group: 'q',
  eventsStoreTypeData: EventsStoreType.UNDEFINED,
  eventsStoreTypeValue: 0n,
})
requests.on('data', ({ body, replyChannel, requestId }) => {
  const answer = { requestId, replyChannel, body, metadata: '', tags: {}, cacheHit: false, timestamp: 0n }
  const response = { ...answer, clientId: 'bench-peer', executed: true, error: '', span: NO_BYTES }
  client.sendResponse(response, () => undefined)
})

const stream = client.sendEventsStream()
stream.on('data', () => undefined)

process.on('message', (/** @type {number} */ count) => void publish(count))
// A subscription is in place some milliseconds after it was asked for.
setTimeout(() => process.send?.('ready'), 500)

/** @param {number} count */
async function publish(count) {
  for (let sent = 0; sent < count; ) {
    await new Promise((resolve) => {
      for (const end = Math.min(count, sent + CHUNK); sent < end; sent++) {
        const event = { eventId: `p-${sent}`, clientId: 'bench-peer', channel: 'seen.a', metadata: '', body: BODY }
        stream.write({ ...event, store: false, tags: {} }, sent === end - 1 ? resolve : undefined)
      }
    })
  }
  process.send?.('published')
}
