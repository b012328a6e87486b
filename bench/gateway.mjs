import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { middle } from './measure.mjs'

const CLIENTS = 50
const ROUNDS = 3
/** Batches of so many messages: until what runs is compiled for good, also what runs seldom, and then measured. */
const BATCHES = { warm: 4_000, measured: 3_000 }
const PAUSE_MS = { warm: 1, measured: 2 }
const SIZES = [1, 20]
/** @typedef {'send' | 'prepared' | 'gateway' | 'engine' | 'idle'} Kind */
const KINDS = /** @type {const} */ (['send', 'prepared', 'gateway', 'engine', 'idle'])

/**
 * CPU of the warm server process per delivery, and what came: from the first message until every client has all of them.
 * @param {Kind} kind
 * @param {number} size
 */
async function serve(kind, size) {
  const warm = BATCHES.warm * size
  const messages = BATCHES.measured * size
  const serving = child('gateway-server.mjs', [kind])
  const { url } = await told(serving)
  const alone = kind === 'engine' || kind === 'idle'
  const reading = alone ? serving : child('gateway-clients.mjs', [url, `${CLIENTS}`, `${warm}`, `${messages}`])
  if (!alone) await told(reading)
  serving.send({ size, messages: warm, pauseMs: PAUSE_MS.warm })
  const before = await told(reading)
  serving.send({ size, messages, pauseMs: PAUSE_MS.measured })
  const after = await told(reading)
  serving.send('measure')
  const { cpuUs } = await told(serving)
  for (const one of new Set([reading, serving])) {
    const gone = once(one, 'exit')
    one.kill('SIGKILL')
    await gone
  }
  const deliveries = messages * CLIENTS
  return {
    us: cpuUs / deliveries,
    bytes: (after.bytes - before.bytes) / deliveries,
    frames: after.frames - before.frames,
  }
}

/** @param {string} file @param {string[]} args */
function child(file, args) {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args)
}

/** @param {import('node:child_process').ChildProcess} from */
async function told(from) {
  const [message] = await Promise.race([
    once(from, 'message'),
    once(from, 'exit').then(([code]) => {
      throw new Error(`a process of the bench ended early, with ${code}`)
    }),
  ])
  return message
}

/**
 * Fan-out to sockets: the gateway before a memory engine, against bare `ws` with the same bytes in the same frames. All
 * kinds take turns, so that what else the machine does meets them alike; the ratio is of one turn.
 */
export async function gateway() {
  console.log(
    `\nfan-out to ${CLIENTS} sockets: CPU us of the server process per delivery; 120 B text; median of ${ROUNDS}`,
  )
  console.log(
    ['a batch', 'ws.send', 'prepared', 'gateway', 'engine', 'idle', 'of prepared', 'of ws.send', 'bytes', 'frames']
      .map((title) => title.padStart(12))
      .join(''),
  )
  for (const size of SIZES) {
    /** @type {Record<Kind, { us: number, bytes: number, frames: number }>[]} */
    const rounds = []
    for (let round = 0; round < ROUNDS; round++) {
      const turn = []
      for (const kind of KINDS) turn.push(/** @type {const} */ ([kind, await serve(kind, size)]))
      rounds.push(/** @type {any} */ (Object.fromEntries(turn)))
    }
    const us = KINDS.map((kind) => middle(rounds.map((round) => round[kind].us)))
    // Without what the engine adds, which the others do not have.
    const of = /** @type {const} */ (['prepared', 'send']).map((kind) =>
      middle(rounds.map((round) => round[kind].us / (round.gateway.us - (round.engine.us - round.idle.us)))),
    )
    const wire = rounds[0]
    const same = wire && `${wire.prepared.bytes.toFixed(0)}/${wire.gateway.bytes.toFixed(0)}`
    const frames = wire && `${wire.prepared.frames / 1_000}k/${wire.gateway.frames / 1_000}k`
    const cells = [`${size}`, ...[...us, ...of].map((figure) => figure.toFixed(2)), `${same}`, `${frames}`]
    console.log(cells.map((cell) => cell.padStart(12)).join(''))
  }
}
