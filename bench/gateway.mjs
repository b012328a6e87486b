import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { median } from './measure.mjs'

const CLIENTS = 50
/** Messages handed over together, and how many in all. */
const JOBS = [
  { size: 1, messages: 1_000 },
  { size: 20, messages: 10_000 },
]

/**
 * CPU of the server process per delivery, from the first message until every client has all of them.
 * @param {'gateway' | 'prepared' | 'send'} server
 * @param {{ size: number, messages: number }} job
 */
async function serve(server, { size, messages }) {
  const serving = child('gateway-server.mjs', [server])
  const { url } = await told(serving)
  const reading = child('gateway-clients.mjs', [url, `${CLIENTS}`, `${messages}`])
  await told(reading)
  serving.send({ size, messages })
  await told(reading)
  serving.send('measure')
  const { cpuUs } = await told(serving)
  for (const one of [reading, serving]) {
    const gone = once(one, 'exit')
    one.kill('SIGKILL')
    await gone
  }
  return cpuUs / (messages * CLIENTS)
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

/** Fan-out to sockets: the gateway before a memory engine, against bare `ws` with the same bytes and the same batches. */
export async function gateway() {
  console.log(`\nfan-out to ${CLIENTS} sockets (CPU us of the server process per delivery; 120 B text; median of 3)`)
  console.log(
    `${'messages a batch'.padEnd(18)}${'ws.send'.padStart(10)}${'prepared'.padStart(10)}${'gateway'.padStart(10)}`,
  )
  for (const job of JOBS) {
    const send = await median(() => serve('send', job))
    const prepared = await median(() => serve('prepared', job))
    const ours = await median(() => serve('gateway', job))
    const figures = [send, prepared, ours].map((figure) => figure.toFixed(2).padStart(10)).join('')
    console.log(
      `${`${job.size}`.padEnd(18)}${figures}   ${(prepared / ours).toFixed(2)} of prepared, ${(send / ours).toFixed(2)} of ws.send`,
    )
  }
}
