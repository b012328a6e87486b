import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js'
import type { MessagingError } from '@spanwire/driver'
import { type Member, maybe } from '@spanwire/driver/kit'
import { type Lost, lostWith } from './errors.js'
import type { QueueMessage, QueuesUpstreamRequest, QueuesUpstreamResponse } from './proto/kubemq.js'
import type { Wire } from './wire.js'

/**
 * About one request in ten thousand is stored and never answered. Such a one is given up when the server answers a ping that was sent
 * so much later, with so much more for large ones: a busy server answers both late.
 */
const PATIENCE_MS = 3_000
const BYTES_PER_MS = 8 * 1024

/**
 * What is larger goes by a call of its own: on the stream, a request above the server's limit ends the server itself now and then,
 * and nobody but its operator knows the limit.
 */
export const MAX_STREAM_BYTES: number = 256 * 1024

/** Whoever sent a request hears once: the answer, or why there is none. */
export type Heard = (answer: QueuesUpstreamResponse | Lost) => void

interface Asked {
  readonly heard: Heard
  readonly timer: NodeJS.Timeout
  /** Of a message that goes alone; 0: there are several. */
  readonly bodyBytes: number
  /** Gives up the call that it is; absent: it is on the stream. */
  cancel?(): void
}

/** How a link sends to queues: on one stream, but for large messages. Requests run side by side at the server: who wants an order waits for the answer. */
export class Upstream implements Member {
  readonly #wire: Wire
  readonly #asked = new Map<string, Asked>()
  #stream: ClientDuplexStream<QueuesUpstreamRequest, QueuesUpstreamResponse> | undefined

  constructor(wire: Wire) {
    this.#wire = wire
    wire.members.add(this)
  }

  /** More bytes than {@link MAX_STREAM_BYTES} only in a single message. */
  send(messages: QueueMessage[], bytes: number, heard: Heard): void {
    const requestId = this.#wire.freshId()
    const why = `KubeMQ stored or lost ${messages.length} messages to ${messages[0]?.channel} and did not answer.`
    const late = (): void => {
      this.#asked.get(requestId)?.cancel?.()
      this.#hear(requestId, { outcome: 'unknown', error: maybe(why, 'channel') })
    }
    const [only, ...others] = messages
    const bodyBytes = only && others.length === 0 ? only.body.length : 0
    const isDue = (): void => void this.#wire.ping(AbortSignal.timeout(PATIENCE_MS), 'Asking why').then(late, late)
    const asked: Asked = { heard, bodyBytes, timer: setTimeout(isDue, PATIENCE_MS + bytes / BYTES_PER_MS) }
    this.#asked.set(requestId, asked)
    if (only && bytes > MAX_STREAM_BYTES) asked.cancel = this.#call(requestId, only)
    else this.#opened().write({ requestId, messages })
  }

  end(_error: MessagingError, lost: MessagingError): void {
    this.#stream = undefined
    for (const [requestId, { cancel }] of [...this.#asked]) {
      this.#hear(requestId, { outcome: 'unknown', error: lost })
      cancel?.()
    }
  }

  #call(requestId: string, message: QueueMessage): () => void {
    const { client, metadata } = this.#wire
    const call = client.sendQueueMessage(message, metadata, (error, result) => {
      if (error?.code === status.UNAVAILABLE) this.#wire.lost(error)
      else if (error) this.#hear(requestId, lostWith('Sending to a queue', error, message.body.length))
      else this.#hear(requestId, { refRequestId: requestId, results: [result], isError: false, error: '' })
    })
    return () => call.cancel()
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
    for (const [requestId, { bodyBytes, cancel }] of [...this.#asked]) {
      if (cancel) continue
      this.#hear(requestId, lostWith('Sending to queues', error, bodyBytes))
    }
  }
}
