import { type ClientHttp2Session, connect } from 'node:http2'

/** How long one answer may take; a node that hangs gives none. */
const ANSWER_MS = 1_000

/** An empty message, uncompressed, as gRPC frames it. */
const EMPTY = Buffer.alloc(5)

/**
 * Whether a server of this name answers KubeMQ's Ping: its HTTP pages say that they are ready a second too early. By the
 * HTTP/2 of Node, so that launching needs no gRPC. Never rejects.
 */
export function pings(port: number, host: string): Promise<boolean> {
  const session = connect(`http://127.0.0.1:${port}`)
  return new Promise((resolve) => {
    const late = setTimeout(() => end(false), ANSWER_MS)
    const end = (answered: boolean): void => {
      clearTimeout(late)
      session.destroy()
      resolve(answered)
    }
    session.once('error', () => end(false))
    session.once('close', () => end(false))
    ask(session, (answer) => end(answer.includes(Buffer.from(host))))
  })
}

function ask(session: ClientHttp2Session, answered: (body: Buffer) => void): void {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/kubemq.kubemq/Ping',
    'content-type': 'application/grpc',
    te: 'trailers',
  })
  const parts: Buffer[] = []
  stream.on('data', (part: Buffer) => parts.push(part))
  stream.once('error', () => {})
  stream.once('end', () => answered(Buffer.concat(parts)))
  stream.end(EMPTY)
}
