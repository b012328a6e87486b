import { once } from 'node:events'
import { createEngine, memory } from '@spanwire/driver-memory'
import { createGateway } from '@spanwire/gateway'
import { WebSocketServer } from 'ws'

/** One server of the fan-out bench: says its URL, publishes on command, says what it cost. */

// Nobody is left behind when the bench ends early.
process.on('disconnect', () => process.exit())

const [kind] = process.argv.slice(2)
/** @typedef {{ id: string, path: string, body: string }} Message */
/** @typedef {{ url: string, publish: (messages: Message[]) => void }} Server */
const TOPIC = /** @type {const} */ ({ kind: 'topic', name: 'quotes', params: 1, keep: 'live', latest: false })
const BODY = 'x'.repeat(120)
const never = new AbortController().signal

/** A memory engine, and a channel of it that publishes. */
async function engine() {
  const engine = createEngine()
  const connect = () =>
    memory(engine).connect(
      ['bench'],
      { client: 'bench', nonce: 'A'.repeat(16), missing: 'create', credentials: async () => ({ by: 'none' }) },
      never,
    )
  const channel = await (await connect()).open(TOPIC, never)
  /** @param {Message[]} messages */
  const publish = (messages) => void channel.send(messages, () => undefined)
  return { connect, publish }
}

/** The gateway before a memory engine; what is published comes in through one more link to that engine. */
async function gateway() {
  const { connect, publish } = await engine()
  const served = await createGateway({
    upstream: connect,
    listen: { port: 0 },
    authenticate: () => ({ subject: 'bench' }),
    authorize: () => true,
  })
  return { url: served.url, publish }
}

/** That engine alone: what it costs to publish and to pull once, which is within the gateway's figure. */
async function alone() {
  const { connect, publish } = await engine()
  const channel = await (await connect()).open(TOPIC, never)
  const reception = await channel.receive({}, { messages: 10_000, bytes: 16 << 20 }, never)
  const pull = async () => {
    for (let batch = await reception.next(); batch; batch = await reception.next()) pulled(batch.deliveries.length)
  }
  void pull()
  return { url: '', publish }
}

/** Nothing at all: what it costs to wake up and make messages, which is within every figure. */
async function idle() {
  return { url: '', publish: (/** @type {Message[]} */ { length }) => pulled(length) }
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

let left = 0
/** Without clients, nobody else tells when everything has come. @param {number} count */
function pulled(count) {
  left -= count
  if (count > 0 && left === 0) process.send?.('all')
}

/** @type {Record<string, () => Promise<Server>>} */
const KINDS = { gateway, engine: alone, idle, prepared: bare, send: bare }
const { url, publish } = await (KINDS[String(kind)] ?? bare)()
/** @type {NodeJS.CpuUsage} */
let before
let sent = 0
process.on('message', (/** @type {'measure' | { size: number, messages: number, pauseMs: number }} */ what) => {
  if (what === 'measure') {
    const { user, system } = process.cpuUsage(before)
    process.send?.({ cpuUs: user + system })
    return
  }
  const { size, messages, pauseMs } = what
  left = messages
  const end = sent + messages
  before = process.cpuUsage()
  const timer = setInterval(() => {
    const first = sent
    sent += size
    if (sent >= end) clearInterval(timer)
    publish(
      Array.from({ length: size }, (_, at) => ({
        id: `AAAAAAAAAAAAAAAA-1.${first + at + 1}.1700000000000`,
        path: 'AAPL',
        body: BODY,
      })),
    )
  }, pauseMs)
})
process.send?.({ url })
