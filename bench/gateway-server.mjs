import { once } from 'node:events'
import { createEngine, memory } from '@spanwire/driver-memory'
import { createGateway } from '@spanwire/gateway'
import { WebSocketServer } from 'ws'

/** One server of the fan-out bench: says its URL, publishes on command, says what it cost. */

// Nobody is left behind when the bench ends early.
process.on('disconnect', () => process.exit())

const [kind] = process.argv.slice(2)
/** @typedef {{ id: string, path: string, body: string }} Message */
const TOPIC = /** @type {const} */ ({ kind: 'topic', name: 'quotes', params: 1, keep: 'live', latest: false })
const BODY = 'x'.repeat(120)
const PAUSE_MS = 2
const never = new AbortController().signal

/** The gateway before a memory engine; what is published comes in through one more link to that engine. */
async function gateway() {
  const engine = createEngine()
  const connect = () =>
    memory(engine).connect(
      ['bench'],
      { client: 'bench', nonce: 'A'.repeat(16), missing: 'create', credentials: async () => ({ by: 'none' }) },
      never,
    )
  const served = await createGateway({
    upstream: connect,
    listen: { port: 0 },
    authenticate: () => ({ subject: 'bench' }),
    authorize: () => true,
  })
  const channel = await (await connect()).open(TOPIC, never)
  /** @param {Message[]} messages */
  const publish = (messages) => void channel.send(messages, () => undefined)
  return { url: served.url, publish }
}

/** Bare `ws`: the same op in one frame, made once, and handed to each socket by `ws` or written as it is. */
async function bare() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const text = String(/** @type {Buffer} */ (data))
      if (text.includes('hello')) socket.send('[["welcome"]]')
      else if (text.includes('open')) socket.send('[["ok",1]]')
      else if (text.includes('receive')) socket.send('[["ok",2]]')
    })
  })
  /** @param {Message[]} messages */
  const publish = (messages) => {
    const tuples = messages.map(({ path, id, body }) => [path, id, Date.now(), body])
    const payload = Buffer.from(JSON.stringify([['msgs', 2, tuples]]))
    const frame = kind === 'prepared' ? framed(payload) : undefined
    for (const socket of server.clients) {
      // Not public: what the fastest server on `ws` would do.
      if (frame) /** @type {any} */ (socket)._socket.write(frame)
      else socket.send(payload, { binary: false })
    }
  }
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `ws://127.0.0.1:${port}`, publish }
}

/** @param {Buffer} payload */
function framed(payload) {
  const header = payload.length < 126 ? Buffer.from([0x81, payload.length]) : Buffer.from([0x81, 126, 0, 0])
  if (payload.length >= 126) header.writeUInt16BE(payload.length, 2)
  return Buffer.concat([header, payload])
}

const { url, publish } = await (kind === 'gateway' ? gateway() : bare())
/** @type {NodeJS.CpuUsage} */
let before
process.on('message', (/** @type {'measure' | { size: number, messages: number }} */ what) => {
  if (what === 'measure') {
    const { user, system } = process.cpuUsage(before)
    process.send?.({ cpuUs: user + system })
    return
  }
  before = process.cpuUsage()
  let sent = 0
  const { size, messages } = what
  const timer = setInterval(() => {
    publish(
      Array.from({ length: size }, (_, at) => ({
        id: `AAAAAAAAAAAAAAAA-1.${sent + at + 1}.1700000000000`,
        path: 'AAPL',
        body: BODY,
      })),
    )
    sent += size
    if (sent >= messages) clearInterval(timer)
  }, PAUSE_MS)
})
process.send?.({ url })
