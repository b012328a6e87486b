import {
  type Cancel,
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type Flow,
  isPath,
  isPathPattern,
  MessagingError,
  type Outgoing,
  type Reception,
  type SendOutcome,
  type Source,
} from '@spanwire/driver'
import { type Conversation, overfull } from './conversation.js'
import { GatewayReception } from './reception.js'
import { Sending } from './sending.js'

export interface Opened {
  readonly can: Capabilities
}

/** Messages in one `send` op. */
const MAX_BATCH = 512

export class GatewayChannel implements Channel {
  readonly can: Capabilities
  readonly #talk: Conversation
  readonly #number: number
  readonly #spec: ChannelSpec

  constructor(talk: Conversation, number: number, spec: ChannelSpec, { can }: Opened) {
    this.can = can
    this.#talk = talk
    this.#number = number
    this.#spec = spec
  }

  send(batch: readonly Outgoing[], report: (index: number, outcome: SendOutcome) => void): Cancel {
    const parts: { number: number; from: number; sending: Sending }[] = []
    for (let from = 0; from < batch.length; ) {
      const part = this.#part(batch, from, report)
      parts.push({ from, ...part })
      from += part.sending.count
    }
    return (index) => {
      const error = new MessagingError(
        'outcome-unknown',
        'Forgotten before the gateway answered; it may have been taken.',
      )
      for (const { number, from, sending } of parts) {
        if (index === undefined) {
          if (this.#talk.sendings.has(number)) this.#talk.post(['cancel', number])
          sending.fail('unknown', error)
        } else if (sending.has(index - from)) {
          this.#talk.post(['cancel', number, index - from])
          sending.fail('unknown', error, [index - from, 1])
        }
      }
    }
  }

  async receive(source: Source, flow: Flow, signal: AbortSignal): Promise<Reception> {
    if (source.paths?.some((path) => !isPathPattern(path, this.#spec.params))) throw invalid('a pattern', this.#spec)
    return GatewayReception.attach(this.#talk, this.#number, this.#spec, source, flow, signal)
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#talk.call('probe', [this.#number], signal)[1]
  }

  /** As much from there on as fits one op. */
  #part(batch: readonly Outgoing[], from: number, report: (index: number, outcome: SendOutcome) => void) {
    const talk = this.#talk
    const refused: (readonly [number, MessagingError])[] = []
    const messages: unknown[] = []
    const start = talk.frame.size
    let count = 0
    const down = talk.over ?? (talk.full ? overfull() : undefined)
    while (from + count < batch.length && count < MAX_BATCH && (down || talk.frame.size - start < 32_768)) {
      const message = batch[from + count] as Outgoing
      const error = down ?? this.#refusal(message)
      if (error) refused.push([count, error])
      // Its place is kept, so that indexes are the same on both sides.
      if (!down) messages.push(error ? null : this.#tuple(message))
      count += 1
    }
    const number = talk.number()
    const sending = new Sending(from, count, report, () => talk.sendings.delete(number))
    if (refused.length < count) {
      talk.sendings.set(number, sending)
      talk.post(['send', number, this.#number, messages])
    }
    for (const [index, error] of refused) sending.fail(down ? 'unsent' : 'refused', error, [index, 1])
    return { number, sending }
  }

  #tuple({ path, id, body, headers, key, delayMs, ttlMs }: Outgoing): unknown[] {
    const tuple: unknown[] = [path, id, this.#talk.frame.slot(body), headers, key, delayMs, ttlMs]
    while (tuple.at(-1) === undefined) tuple.pop()
    return tuple
  }

  #refusal({ path, body, headers }: Outgoing): MessagingError | undefined {
    if (!isPath(path, this.#spec.params)) return invalid('a path', this.#spec)
    const { maxBytes } = this.can
    const around = headers ? headers.join('').length : 0
    const size =
      around + (typeof body === 'string' && body.length * 3 + around > maxBytes ? utf8Length(body) : body.length)
    if (size <= maxBytes) return undefined
    return new MessagingError('too-large', `${size} bytes are above the ${maxBytes} that ${this.#spec.name} takes.`)
  }
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

function invalid(what: string, { name, params }: ChannelSpec): MessagingError {
  return new MessagingError('invalid', `Not ${what} of ${name}, which has ${params} parameters.`)
}
