import { createHash } from 'node:crypto'
import { type ChannelSpec, MessagingError, type Outgoing } from '@spanwire/driver'
import type { Authorize, Principal, Verb } from './options.js'

/** Voids and marks of a channel travel here; they speak of it, so its rights hold. */
const MARKS = 'sw.marks.'

const VERBS = {
  topic: { send: 'publish', receive: 'subscribe' },
  queue: { send: 'send', receive: 'consume' },
  rpc: { send: 'request', receive: 'respond' },
} as const satisfies Record<ChannelSpec['kind'], { send: Verb; receive: Verb }>

/** Id of a publisher: the same for the same subject and client instance at every gateway, and nobody else's (R52). */
export function publisherOf(subject: string, nonce: string): string {
  return createHash('sha256').update(`${subject}\0${nonce}`).digest('base64url').slice(0, 16)
}

/** What one client may do, and as whom it may speak. */
export class Grants {
  readonly subject: string
  /** `undefined` for a relay, which carries what others published. */
  readonly publisher: string | undefined
  readonly #authorize: Authorize

  constructor(principal: Principal, nonce: string, authorize: Authorize) {
    this.subject = principal.subject
    this.publisher = principal.relay ? undefined : publisherOf(principal.subject, nonce)
    this.#authorize = authorize
  }

  /** Throws unless the client may do something on it. */
  open(spec: ChannelSpec): void {
    const { send, receive } = VERBS[spec.kind]
    if (this.#may(send, spec.name, undefined) || this.#may(receive, spec.name, undefined)) return
    throw forbidden(`use ${spec.name}`, 'channel')
  }

  /** Throws unless it may receive every one of these patterns; without any it asks for all. */
  receive(spec: ChannelSpec, paths: readonly string[] | undefined): void {
    const verb = VERBS[spec.kind].receive
    for (const path of paths ?? [Array(spec.params).fill('*').join('.')]) {
      if (!this.#may(verb, spec.name, path)) throw forbidden(`${verb} ${spec.name}${path && ` at ${path}`}`, 'channel')
    }
  }

  /** Why it may not send this, if it may not. */
  refusal(spec: ChannelSpec, message: Outgoing): MessagingError | undefined {
    const verb = VERBS[spec.kind].send
    if (!this.#may(verb, spec.name, message.path)) return forbidden(`${verb} to ${spec.name}`, 'message')
    const { publisher } = this
    if (publisher === undefined) return undefined
    if (message.id !== undefined && !message.id.startsWith(`${publisher}-`))
      return forbidden('speak as another publisher', 'message')
    if (spec.name.startsWith(MARKS) && !speaksOfItself(message, publisher))
      return forbidden('speak of another publisher', 'message')
    return undefined
  }

  #may(verb: Verb, name: string, path: string | undefined): boolean {
    const marks = name.startsWith(MARKS)
    try {
      return (
        this.#authorize(this.subject, verb, marks ? name.slice(MARKS.length) : name, marks ? undefined : path) === true
      )
    } catch {
      return false
    }
  }
}

/** A void in another's name would silence it: every source in voids and marks has to be the sender's own. */
function speaksOfItself({ body }: Outgoing, publisher: string): boolean {
  try {
    const said: unknown = JSON.parse(typeof body === 'string' ? body : Buffer.from(body).toString('utf8'))
    if (typeof said !== 'object' || said === null) return false
    const all = Object.values(said).filter(Array.isArray).flat()
    return all.every((one: unknown) => Array.isArray(one) && String(one[0]).startsWith(`${publisher}-`))
  } catch {
    return false
  }
}

function forbidden(what: string, scope: 'channel' | 'message'): MessagingError {
  return new MessagingError('forbidden', `This client may not ${what}; ask whoever grants rights at the gateway.`, {
    scope,
  })
}
