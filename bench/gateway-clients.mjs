import { once } from 'node:events'
import { WebSocket } from 'ws'

/** Many clients in one process that count; they speak as much of the gateway's protocol as that takes. */

// Nobody is left behind when the bench ends early.
process.on('disconnect', () => process.exit())

const [url = '', clients = '1', messages = '1'] = process.argv.slice(2)
const TOPIC = { kind: 'topic', name: 'quotes', params: 1, keep: 'live', latest: false }
const FLOW = { messages: 10_000, bytes: 16 << 20 }

/** Attaches; `all` is the moment when it has everything. */
async function attach() {
  const socket = new WebSocket(url, 'spanwire.v1', { perMessageDeflate: false })
  await once(socket, 'open')
  /** @param {unknown[]} ops */
  const say = (...ops) => socket.send(JSON.stringify(ops))
  say(['hello', 1, null, 'bench', 'A'.repeat(16), 'create'])
  let got = 0
  let granted = 0
  const attached = deferred()
  const all = deferred()
  socket.on('message', (data) => {
    const text = String(/** @type {Buffer} */ (data))
    for (const [name, number, tuples, more] of JSON.parse(text)) {
      if (name === 'welcome') say(['open', 1, TOPIC])
      else if (name === 'ok' && number === 1) say(['receive', 2, 1, {}, FLOW])
      else if (name === 'ok' && number === 2) attached.resolve()
      else if (name === 'flush') say(['ack', number])
      else if (name === 'error') throw new Error(text)
      if (name !== 'msgs') continue
      if (more?.lost) throw new Error(`lost: ${JSON.stringify(more.lost)}`)
      got += tuples.length
      if (got - granted >= FLOW.messages / 2) {
        granted = got
        say(['next', 2, got])
      }
      if (got === Number(messages)) all.resolve()
    }
  })
  await attached.promise
  return { all: all.promise }
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
await Promise.all(ends.map(({ all }) => all))
process.send?.('all')
