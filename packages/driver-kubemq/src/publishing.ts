import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import type { MessagingError, SendOutcome } from '@spanwire/driver'
import { DONE, failed, type Member, maybe, type Open } from '@spanwire/driver/kit'
import { fault, isRefusal, lostWith } from './errors.js'
import type { Encoded } from './outlet.js'
import type { Event, Result } from './proto/kubemq.js'
import type { Wire } from './wire.js'

/** One message of a call that is not reported yet. */
interface Waiting {
  readonly open: Open
  readonly index: number
  readonly bytes: number
  readonly bodyBytes: number
}

/** The stream on which a link publishes events of one kind: live ones are done when written, stored ones when the server says so. */
export class Publishing implements Member {
  readonly #wire: Wire
  readonly #store: boolean
  /** By event id, in the order of sending: the same id may be under way twice. Of live ones each for itself. */
  readonly #waiting = new Map<string, Waiting[]>()
  #stream: ClientDuplexStream<Event, Result> | undefined
  #hasEnded: () => void = () => undefined

  constructor(wire: Wire, kind: 'live' | 'stored') {
    this.#wire = wire
    this.#store = kind === 'stored'
    wire.members.add(this)
  }

  /** Takes one event and reports what becomes of it. */
  send({ channel, metadata, body, tags, bytes }: Encoded, eventId: string, open: Open, index: number): void {
    const stream = this.#opened()
    const waiting = this.#waiting.get(eventId)
    const one = { open, index, bytes, bodyBytes: body.length }
    if (waiting) waiting.push(one)
    else this.#waiting.set(eventId, [one])
    this.#wire.openBytes += bytes
    const event = { eventId, clientId: this.#wire.name, channel, metadata, body, store: this.#store, tags }
    if (this.#store) stream.write(event)
    else
      stream.write(event, () => {
        if (stream === this.#stream) this.#report(eventId, DONE)
      })
  }

  end(_error: MessagingError, lost: MessagingError): void {
    this.#hasEnded()
    this.#lose(() => failed('unknown', lost))
  }

  /** What was written is at the server when it has ended the stream as well. */
  leave(): Promise<void> {
    const stream = this.#stream
    if (this.#store || !stream) return Promise.resolve()
    return new Promise((resolve) => {
      this.#hasEnded = resolve
      stream.end()
    })
  }

  #opened(): ClientDuplexStream<Event, Result> {
    if (this.#stream) return this.#stream
    const stream = this.#wire.client.sendEventsStream(this.#wire.metadata)
    this.#wire.listen(stream, { data: (result) => this.#hear(result), over: (error) => this.#over(error) })
    this.#stream = stream
    return stream
  }

  #hear({ eventId, sent, error }: Result): void {
    if (sent) this.#report(eventId, DONE)
    else if (isRefusal(error)) this.#report(eventId, failed('refused', fault('Publishing', error)))
    else this.#report(eventId, failed('unknown', maybe(`Publishing failed at KubeMQ: ${error}.`, 'channel')))
  }

  #report(eventId: string, outcome: SendOutcome): void {
    const waiting = this.#waiting.get(eventId)
    const one = waiting?.shift()
    if (waiting?.length === 0) this.#waiting.delete(eventId)
    if (!one) return
    this.#wire.openBytes -= one.bytes
    one.open.one(one.index, outcome)
  }

  /** The stream is over, and the link lives: the next event opens another one. */
  #over(error: ServiceError | undefined): void {
    this.#hasEnded()
    this.#lose(({ bodyBytes }) => lostWith('Publishing', error, bodyBytes))
  }

  #lose(outcome: (one: Waiting) => SendOutcome): void {
    this.#stream = undefined
    const all = [...this.#waiting.values()].flat()
    this.#waiting.clear()
    for (const one of all) {
      this.#wire.openBytes -= one.bytes
      one.open.one(one.index, outcome(one))
    }
  }
}
