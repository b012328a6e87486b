import { once } from 'node:events'
import { WebSocket } from 'ws'

/** Many clients in one process that count; they speak as much of the gateway's protocol as that takes. */

// Nobody is left behind when the bench ends early.
process.on('disconnect', () => process.exit())

const [url = '', clients = '1', ...stages] = process.argv.slice(2)
const TOPIC = { kind: 'topic', name: 'quotes', params: 1, keep: 'live', latest: false }
const FLOW = { messages: 10_000, bytes: 16 << 20 }

/** How each message begins. */
const TUPLE = Buffer.from('["AAPL",')

/** Bytes, and frames, of messages that came. */
const wire = { bytes: 0, frames: 0 }

/** Attaches; the result resolves when everything up to a number of messages is there. */
async function attach() {
  const socket = new WebSocket(url, 'spanwire.v1', { perMessageDeflate: false })
  await once(socket, 'open')
  /** @param {unknown[]} ops */
  const say = (...ops) => socket.send(JSON.stringify(ops))
  say(['hello', 1, null, 'bench', 'A'.repeat(16), 'create'])
  let got = 0
  let aim = Infinity
  let reached = () => {}
  const attached = deferred()
  socket.on('message', (/** @type {Buffer} */ data) => {
    if (data.indexOf('[["msgs",2,[["') === 0) {
      got += countOf(data)
      wire.bytes += data.length
      wire.frames += 1
      if (got >= aim) reached()
      return
    }
    const text = String(data)
    for (const [name, number] of JSON.parse(text)) {
      if (name === 'welcome') say(['open', 1, TOPIC])
      else if (name === 'ok' && number === 1) say(['receive', 2, 1, {}, FLOW])
      else if (name === 'ok' && number === 2) attached.resolve()
      else if (name === 'flush') say(['ack', number])
      else if (name === 'ask') say(['next', 2, got])
      else if (name === 'error' || name === 'msgs') throw new Error(text)
    }
  })
  await attached.promise
  /** @param {number} messages */
  return (messages) => {
    const { promise, resolve } = deferred()
    if (got >= messages) resolve()
    aim = messages
    reached = resolve
    return promise
  }
}

/** Messages in a frame, found without reading it: the clients must not be what limits. @param {Buffer} frame */
function countOf(frame) {
  let count = 0
  for (let at = frame.indexOf(TUPLE); at >= 0; at = frame.indexOf(TUPLE, at + 128)) count += 1
  return count
}

function deferred() {
  /** @type {() => void} */
  let resolve = () => undefined
  /** @type {Promise<void>} */
  const promise = new Promise((done) => {
    resolve = done
  })
  return { promise, resolve }
}

const ends = await Promise.all(Array.from({ length: Number(clients) }, attach))
process.send?.('attached')
let total = 0
for (const stage of stages) {
  total += Number(stage)
  await Promise.all(ends.map((until) => until(total)))
  process.send?.({ ...wire })
}
