import { type ChannelSpec, isPath, MessagingError, type Outgoing } from '@spanwire/driver'
import { invalid } from '@spanwire/driver/kit'
import { fitsWire } from './headers.js'
import type { Opened } from './opened.js'
import type { Wire } from './wire.js'

/** Paths whose subject is remembered: to look a path over costs a tenth of sending it. */
const MAX_SUBJECTS = 10_000

/** Where the messages of a channel go. */
export interface Outlet {
  readonly wire: Wire
  /** Writes one message, and gives its subject. Throws a `MessagingError` when it cannot be written. */
  write(message: Outgoing, reply?: string): string
}

/** `write` gets messages that are well formed and fit. */
export function outletOf(
  { wire, spec, can }: Opened,
  write: (message: Outgoing, subject: string, reply?: string) => void,
): Outlet {
  const subjects = new Map<string, string>()
  const subjectFor = (path: string): string => {
    if (!isPath(path, spec.params)) throw invalid('a path', spec)
    if (subjects.size >= MAX_SUBJECTS) subjects.clear()
    subjects.set(path, subjectOf(spec, path))
    return subjectOf(spec, path)
  }
  return {
    wire,
    write(message, reply) {
      const { path, headers } = message
      const subject = subjects.get(path) ?? subjectFor(path)
      if (headers && !fitsWire(headers)) {
        throw new MessagingError('invalid', `A header of a message to ${spec.name} does not fit the wire.`)
      }
      const size = sizeOf(message)
      if (size > can.maxBytes) {
        const text = `${size} bytes are above the ${can.maxBytes} that ${spec.name} takes at this NATS server.`
        throw new MessagingError('too-large', text)
      }
      write(message, subject, reply)
      return subject
    },
  }
}

function sizeOf({ body, headers }: Outgoing): number {
  return (
    (headers ? headers.join('    ').length : 0) + (typeof body === 'string' ? Buffer.byteLength(body) : body.length)
  )
}

/** `quotes` and `AAPL` are the subject `quotes.AAPL`. */
export function subjectOf({ name }: ChannelSpec, path: string): string {
  return path === '' ? name : `${name}.${path}`
}
