import { connect, headers } from '@nats-io/transport-node'

/** The other side of the NATS bench, in a process of its own: answers requests, publishes on command. Plain nats.js for every candidate. */

// Nobody is left behind when the bench ends early.
process.on('disconnect', () => process.exit())

const [endpoint = ''] = process.argv.slice(2)
const CHUNK = 1_000
const nc = await connect({ servers: endpoint })
nc.subscribe('asked', { queue: 'q', callback: (_, message) => void message.respond(message.data) })
await nc.flush()

/** @typedef {{ subject: string, body: string, count: number, ids: boolean }} Job */
process.on('message', (/** @type {Job} */ job) => void publish(job))
process.send?.('ready')

/** @param {Job} job */
async function publish(job) {
  for (let sent = 0; sent < job.count; ) {
    for (const end = Math.min(job.count, sent + CHUNK); sent < end; sent++)
      nc.publish(job.subject, job.body, withId(job, sent))
    await nc.flush()
  }
  process.send?.('published')
}

/** @param {Job} job @param {number} at */
function withId({ ids }, at) {
  if (!ids) return {}
  const own = headers()
  own.set('Nats-Msg-Id', `AAAAAAAAAAAAAAAA-1.${at + 1}.1700000000000`)
  return { headers: own }
}
