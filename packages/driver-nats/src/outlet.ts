import { type Capabilities, type ChannelSpec, isPath, MessagingError, type Outgoing } from '@spanwire/driver'
import { invalid } from './errors.js'
import { fitsWire } from './headers.js'
import type { Wire } from './wire.js'

/** Paths whose subject is remembered. */
const MAX_SUBJECTS = 10_000

/** Writes one message that fits. Throws a `MessagingError` when it cannot be written. */
export type Write = (message: Outgoing, subject: string, reply?: string) => void

/** Where the messages of a channel go. */
export class Outlet {
  readonly wire: Wire
  readonly write: Write
  readonly #spec: ChannelSpec
  readonly #maxBytes: number
  readonly #subjects = new Map<string, string>()

  constructor(wire: Wire, spec: ChannelSpec, can: Capabilities, write: Write) {
    this.wire = wire
    this.write = write
    this.#spec = spec
    this.#maxBytes = can.maxBytes
  }

  /** The subject of a path. Throws `invalid` for what is none. */
  subject(path: string): string {
    const known = this.#subjects.get(path)
    if (known !== undefined) return known
    if (!isPath(path, this.#spec.params)) throw invalid('a path', this.#spec)
    const subject = subjectOf(this.#spec, path)
    if (this.#subjects.size >= MAX_SUBJECTS) this.#subjects.clear()
    this.#subjects.set(path, subject)
    return subject
  }

  /** Throws what is wrong with a message in itself. */
  check({ body, headers }: Outgoing): void {
    if (headers && !fitsWire(headers)) {
      throw new MessagingError('invalid', `A header of a message to ${this.#spec.name} does not fit the wire.`)
    }
    const around = headers ? headers.join('    ').length : 0
    const most = around + (typeof body === 'string' ? body.length * 3 : body.length)
    if (most <= this.#maxBytes) return
    const size = around + Buffer.byteLength(body)
    if (size <= this.#maxBytes) return
    const text = `${size} bytes are above the ${this.#maxBytes} that ${this.#spec.name} takes at this NATS server.`
    throw new MessagingError('too-large', text)
  }
}

/** `quotes` and `AAPL` are the subject `quotes.AAPL`. */
export function subjectOf({ name }: ChannelSpec, path: string): string {
  return path === '' ? name : `${name}.${path}`
}
