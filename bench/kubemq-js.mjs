import { EventStoreType, EventsClient, EventsStoreClient, QueriesClient, QueuesClient } from 'kubemq-js'
import { batches, inPlace } from './kubemq-raw.mjs'
import { costOf, costOfComing, inFlight } from './measure.mjs'

/** kubemq-js as its users call it. */

const BODY = Buffer.from('x'.repeat(200))
const BATCH = 500
const PART = 100

let ids = 0

/** @param {import('./kubemq.mjs').Bench} bench @returns {import('./kubemq.mjs').Side} */
export function kubemqJs({ endpoint: address }) {
  const config = { address, clientId: 'bench-js' }
  const [events, stored] = [new EventsClient(config), new EventsStoreClient(config)]
  const [queues, queries] = [new QueuesClient(config), new QueriesClient(config)]
  return {
    publish: async (count) => {
      /** @type {() => void} */
      let written = () => {}
      // Called twice a message: with what is sent, and with nothing once it is written.
      const stream = await events.stream((_, sent) => void (sent === null && written()))
      const cost = await costOf(count, () =>
        batches(count, BATCH, (done) => {
          written = done
          for (let at = 0; at < BATCH; at++) stream.write({ channel: 'seen.a', body: BODY })
        }),
      )
      stream.end()
      return cost
    },
    listen: async (count, published) => {
      /** @type {(some: number) => void} */
      let hear = () => undefined
      const come = coming(() => hear(1))
      const { unsubscribe } = await events.subscribe({ channel: 'seen.*' }, come.hear)
      await inPlace()
      const cost = costOfComing(count, (heard) => {
        hear = heard
      })
      await published()
      const done = await cost
      unsubscribe()
      await come.over
      return done
    },
    store: async (count) => {
      /** @type {() => void} */
      let confirmed = () => {}
      const stream = await stored.stream((_, sent) => void (sent?.sent === true && confirmed()))
      const cost = await costOf(count, () =>
        batches(count, BATCH, (done) => {
          confirmed = done
          for (let at = 0; at < BATCH; at++) stream.write({ channel: 'kept', body: BODY })
        }),
      )
      stream.end()
      return cost
    },
    read: async (count) => {
      let all = () => {}
      let got = 0
      const come = coming(() => void (++got === count && all()))
      const cost = await costOf(count, async () => {
        const clientId = `bench-js-${ids++}`
        const from = { channel: 'read', clientId, requestType: EventStoreType.StartFromFirst }
        const { unsubscribe } = await stored.subscribe(from, come.hear)
        await new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
          all = resolve
        })
        unsubscribe()
      })
      await come.over
      return cost
    },
    send: (count) =>
      costOf(count, async () => {
        for (let sent = 0; sent < count; sent += PART) {
          const results = await queues.batch(Array.from({ length: PART }, () => ({ channel: 'jobs', body: BODY })))
          if (results.some(({ isError }) => isError)) throw new Error('refused')
        }
      }),
    drain: (count) =>
      costOf(count, async () => {
        for (let got = 0; got < count; ) {
          const maxNumberOfMessages = Math.min(PART, count - got)
          const { messages } = await queues.pull({ channel: 'jobs', maxNumberOfMessages, waitTimeoutSeconds: 1 })
          got += messages.length
        }
      }),
    request: (width, count) =>
      costOf(count, () =>
        inFlight(width, count, async () => {
          const { executed } = await queries.send({ channel: 'asked', body: BODY, timeout: 5_000 })
          if (!executed) throw new Error('not executed')
        }),
      ),
    close: async () => {
      for (const client of [events, stored, queues, queries]) client.close()
    },
  }
}

/**
 * `over`: the subscription has ended, which is some seconds after it was told to; until then it takes, and pays for, what comes for
 * the others.
 * @param {() => void} came
 */
function coming(came) {
  let ended = () => {}
  const over = new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
    ended = resolve
  })
  const hear = (/** @type {Error | null} */ error, /** @type {unknown} */ message) => {
    if (error !== null) ended()
    else if (message) came()
  }
  return { hear, over }
}
