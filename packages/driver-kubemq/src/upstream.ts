import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import type { MessagingError } from '@spanwire/driver'
import { type Member, maybe } from '@spanwire/driver/kit'
import { type Lost, lostWith } from './errors.js'
import type { QueueMessage, QueuesUpstreamRequest, QueuesUpstreamResponse } from './proto/kubemq.js'
import type { Wire } from './wire.js'

/** About one request in ten thousand is stored and never answered; none came later than this, with so much more for large ones. */
const PATIENCE_MS = 3_000
const BYTES_PER_MS = 8 * 1024

/** Whoever sent a request hears once: the answer, or why there is none. */
export type Heard = (answer: QueuesUpstreamResponse | Lost) => void

interface Asked {
  readonly heard: Heard
  readonly timer: NodeJS.Timeout
  /** Of a message that goes alone; 0: there are several. */
  readonly bodyBytes: number
}

/** The stream on which a link sends to queues. Requests run side by side at the server: who wants an order waits for the answer. */
export class Upstream implements Member {
  readonly #wire: Wire
  readonly #asked = new Map<string, Asked>()
  #stream: ClientDuplexStream<QueuesUpstreamRequest, QueuesUpstreamResponse> | undefined

  constructor(wire: Wire) {
    this.#wire = wire
    wire.members.add(this)
  }

  send(messages: QueueMessage[], bytes: number, heard: Heard): void {
    const requestId = this.#wire.freshId()
    const why = `KubeMQ stored or lost ${messages.length} messages to ${messages[0]?.channel} and did not answer.`
    const late = (): void => this.#hear(requestId, { outcome: 'unknown', error: maybe(why, 'channel') })
    const bodyBytes = messages.length === 1 ? (messages[0]?.body.length ?? 0) : 0
    this.#asked.set(requestId, { heard, bodyBytes, timer: setTimeout(late, PATIENCE_MS + bytes / BYTES_PER_MS) })
    this.#opened().write({ requestId, messages })
  }

  end(_error: MessagingError, lost: MessagingError): void {
    this.#stream = undefined
    for (const requestId of [...this.#asked.keys()]) this.#hear(requestId, { outcome: 'unknown', error: lost })
  }

  #opened(): ClientDuplexStream<QueuesUpstreamRequest, QueuesUpstreamResponse> {
    if (this.#stream) return this.#stream
    const stream = this.#wire.client.queuesUpstream(this.#wire.metadata)
    this.#stream = stream
    this.#wire.listen(stream, {
      data: (answer) => this.#hear(answer.refRequestId, answer),
      over: (error) => this.#over(error),
    })
    return stream
  }

  #hear(requestId: string, answer: QueuesUpstreamResponse | Lost): void {
    const asked = this.#asked.get(requestId)
    if (!asked) return
    this.#asked.delete(requestId)
    clearTimeout(asked.timer)
    asked.heard(answer)
  }

  /** The stream is over, and the link lives: the next request opens another one. */
  #over(error: ServiceError | undefined): void {
    this.#stream = undefined
    for (const [requestId, { bodyBytes }] of [...this.#asked]) {
      this.#hear(requestId, lostWith('Sending to queues', error, bodyBytes))
    }
  }
}
