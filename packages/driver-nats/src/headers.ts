import type { Msg, MsgHdrs } from '@nats-io/transport-node'
import type { Headers, Outgoing } from '@spanwire/driver'

const VERSION = 'NATS/1.0'
const ID = 'Nats-Msg-Id:'
/** The id once more, where JetStream takes its own away. */
const SPARE_ID = 'sw-id'
const NAME = /^[!-9;-~]+$/

/** Names that the wire can carry, values without line breaks. */
export function fitsWire(headers: Headers): boolean {
  for (let at = 0; at < headers.length; at += 2) {
    if (!NAME.test(headers[at] ?? '') || /[\r\n]/.test(headers[at + 1] ?? '')) return false
  }
  return true
}

/**
 * Headers as bytes: the id in `Nats-Msg-Id`, where JetStream looks for doubles, then `extra` lines, then the given ones as they are.
 * nats.js calls nothing but `encode` of what it is given to publish, and its own kind of headers costs more than the message.
 */
export function encodeHeaders({ id, headers }: Pick<Outgoing, 'id' | 'headers'>, extra = ''): MsgHdrs | undefined {
  if (id === undefined && headers === undefined && extra === '') return undefined
  let text = `${VERSION}\r\n${extra}`
  if (id !== undefined) text += `${ID} ${id}\r\n`
  if (headers !== undefined) {
    for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`
  }
  return rawHeaders(`${text}\r\n`)
}

/** A header block as it was read. */
export function rawHeaders(head: string): MsgHdrs | undefined {
  return head === '' ? undefined : (new Encoded(head) as unknown as MsgHdrs)
}

class Encoded {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  encode(): Uint8Array {
    return Buffer.from(this.#text)
  }
}

/** One header line of ours. */
export function line(name: string, value: string): string {
  return `${name}: ${value}\r\n`
}

/** The answer of a responder that failed: as NATS services say it. */
export function errorLine(error: string): string {
  return line('Nats-Service-Error', error.replace(/[\r\n]+/g, ' ')) + line('Nats-Service-Error-Code', '500')
}

/** What nats.js's messages have, though its types do not say so. */
type Sized = Msg & { size(): number }

/** The header block of a message as text; empty: it has none. It lies right before the payload in what was read. */
export function headText(msg: Msg): string {
  const { data } = msg
  const length = (msg as Sized).size() - data.length - Buffer.byteLength(msg.subject) - (msg.reply?.length ?? 0)
  return length > 0 ? Buffer.from(data.buffer, data.byteOffset - length, length).toString() : ''
}

/** 503, 404, 100 ... of a message that is a notice of the server; 0: an ordinary one. */
export function statusOf(head: string): number {
  return head.charCodeAt(VERSION.length) === 32 ? Number.parseInt(head.slice(VERSION.length + 1), 10) || 0 : 0
}

/** The sender's message id. */
export function idOf(head: string): string | undefined {
  return head === '' ? undefined : (fieldOf(head, ID) ?? fieldOf(head, `\r\n${SPARE_ID}:`))
}

/** Everything but what NATS itself put there, names in lower case. */
export function decodeHeaders(head: string): Headers {
  const pairs: string[] = []
  for (const one of head.split('\r\n').slice(1)) {
    const colon = one.indexOf(':')
    if (colon < 1) continue
    const name = one.slice(0, colon).toLowerCase()
    if (name.startsWith('nats-') || name === SPARE_ID) continue
    pairs.push(name, one.slice(one[colon + 1] === ' ' ? colon + 2 : colon + 1))
  }
  return pairs
}

/** What a responder's handler failed with. */
export function errorOf(head: string): string | undefined {
  return head === '' ? undefined : fieldOf(head, 'Nats-Service-Error:')
}

function fieldOf(head: string, name: string): string | undefined {
  const at = head.indexOf(name)
  if (at < 0) return undefined
  const from = at + name.length
  return head.slice(from, head.indexOf('\r\n', from)).trim()
}
