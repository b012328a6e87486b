import { once } from 'node:events'
import { connect } from 'node:http2'

/** How long a server may take to count. */
const ANSWER_MS = 5_000

/**
 * How many messages of a queue a KubeMQ server has and gives to nobody, to be asked when nobody takes from it: those that it
 * sent to consumers when it was killed. Restarted, it waits for what these say, for a day. By the HTTP/2 of Node, as
 * one answer needs no gRPC.
 * @param {string} endpoint @param {string} queue
 */
export async function withheld(endpoint, queue) {
  const session = connect(`http://${endpoint}`)
  try {
    const answer = await ask(session, framed(Buffer.concat([Buffer.from([0x12, queue.length]), Buffer.from(queue)])))
    const info = field(answer.subarray(5), 2)
    return Buffer.isBuffer(info) ? Number(field(info, 4) ?? 0) : 0
  } finally {
    session.destroy()
  }
}

/** @param {import('node:http2').ClientHttp2Session} session @param {Buffer} message */
async function ask(session, message) {
  session.on('error', () => undefined)
  const stream = session.request({
    ':method': 'POST',
    ':path': '/kubemq.kubemq/QueuesInfo',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  /** @type {Buffer[]} */
  const parts = []
  stream.on('data', (part) => parts.push(part))
  stream.end(message)
  await once(stream, 'end', { signal: AbortSignal.timeout(ANSWER_MS) })
  return Buffer.concat(parts)
}

/** Uncompressed, as gRPC frames it. @param {Buffer} message */
function framed(message) {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** The first field of that number: what its bytes are, or its whole number. Of a message without fixed-width fields. @param {Buffer} message @param {number} wanted */
function field(message, wanted) {
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; at < message.length; shift += 7n) {
      const byte = message[at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return value
  }
  while (at < message.length) {
    const key = Number(varint())
    const value = varint()
    const isBytes = key % 8 === 2
    if (isBytes) at += Number(value)
    if (key >> 3 === wanted) return isBytes ? message.subarray(at - Number(value), at) : value
  }
  return undefined
}
