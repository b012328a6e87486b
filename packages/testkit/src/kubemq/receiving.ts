import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import type { Broker } from './broker.js'
import { answer, whenGone } from './calls.js'
import { queueNameError } from './names.js'
import { Slots } from './pool.js'
import type {
  AckAllQueueMessagesRequest,
  AckAllQueueMessagesResponse,
  QueueMessage,
  ReceiveQueueMessagesRequest,
  ReceiveQueueMessagesResponse,
} from './proto.js'
import { attributesOf, isExpired, isUnreadable, passesPolicy } from './queueing.js'
import { SAYS } from './texts.js'
import { delivered } from './transaction.js'
import { isBeyond, MAX_RECEIVES } from './validate.js'

const MAX_WAIT_S = 3_600

/** What a receive that takes at once holds for another process's eyes (5.3). */
const RECEIVE_SEAT = { room: 1, ackWaitMs: 120_000 }

/** An auto-acknowledging subscription has the room of any. */
const PURGE_SEAT = { room: 1_024, ackWaitMs: 30_000 }

/** Receive, peek and AckAll of one queue come one after the other, whoever calls (5.1). */
const receivers = new WeakMap<Broker, Slots>()

function alone<T>(broker: Broker, channel: string, action: () => Promise<T>): Promise<T> {
  const slots = receivers.get(broker) ?? new Slots()
  receivers.set(broker, slots)
  return slots.of(channel).alone(action)
}

type Receive = ServerUnaryCall<ReceiveQueueMessagesRequest, ReceiveQueueMessagesResponse>

export function receiveQueueMessages(
  broker: Broker,
  call: Receive,
  reply: sendUnaryData<ReceiveQueueMessagesResponse>,
): void {
  const { request } = call
  const gone = new AbortController()
  whenGone(call, () => gone.abort())
  answer(
    reply,
    alone(broker, request.channel, async () => {
      const error = receiveError(request)
      if (error !== undefined) return { ...nothing(request), isError: true, error }
      const got = await new Receiving(broker, request).run(gone.signal)
      broker.journal()?.flush()
      return got
    }),
  )
}

function receiveError(request: ReceiveQueueMessagesRequest): string | undefined {
  const { clientId, channel, maxNumberOfMessages, waitTimeSeconds } = request
  if (clientId === '') return SAYS.clientId
  const wrong = queueNameError(channel)
  if (wrong !== undefined) return wrong
  if (isBeyond(maxNumberOfMessages - 1, MAX_RECEIVES - 1)) return SAYS.maxMessages
  if (isBeyond(waitTimeSeconds, MAX_WAIT_S)) return SAYS.waitTimeout
  return isUnreadable(channel) ? SAYS.cannotSubscribe : undefined
}

function nothing({ requestId, isPeek }: ReceiveQueueMessagesRequest): ReceiveQueueMessagesResponse {
  return { requestId, messages: [], messagesReceived: 0, messagesExpired: 0, isPeek, isError: false, error: '' }
}

/** One receive or peek. What it took is settled as it is read: a call that is given up has lost it (5.1). */
class Receiving {
  readonly #broker: Broker
  readonly #request: ReceiveQueueMessagesRequest
  readonly #got: QueueMessage[] = []
  #expired = 0
  #full = (): void => {}

  constructor(broker: Broker, request: ReceiveQueueMessagesRequest) {
    this.#broker = broker
    this.#request = request
  }

  /** The whole wait, unless all that was asked for is there (5.1). */
  async run(gone: AbortSignal): Promise<ReceiveQueueMessagesResponse> {
    const { channel, isPeek, maxNumberOfMessages, waitTimeSeconds } = this.#request
    const waitMs = (waitTimeSeconds || 1) * 1_000
    const group = this.#broker.queues.group(channel, 'queue')
    const seatOptions = isPeek ? { room: maxNumberOfMessages, ackWaitMs: waitMs + 1_000 } : RECEIVE_SEAT
    const over = new Promise<void>((resolve) => {
      const late = setTimeout(resolve, waitMs)
      this.#full = () => {
        clearTimeout(late)
        resolve()
      }
      gone.addEventListener('abort', this.#full, { once: true })
    })
    const seat = group.join(seatOptions, (kept, own) => {
      if (this.#got.length >= maxNumberOfMessages) return
      if (this.#take(delivered(kept)) === 'gone' || !isPeek) group.ack(own, kept.seq)
    })
    await over
    group.leave(seat)
    if (gone.aborted) return nothing(this.#request)
    const counts = { messagesReceived: this.#got.length, messagesExpired: this.#expired }
    return { ...nothing(this.#request), messages: this.#got, ...counts }
  }

  #take(message: QueueMessage): 'kept' | 'gone' {
    if (!passesPolicy(this.#broker, message, attributesOf(message).receiveCount)) return 'gone'
    if (isExpired(message)) {
      this.#expired += 1
      return 'gone'
    }
    this.#got.push(message)
    if (this.#got.length === this.#request.maxNumberOfMessages) this.#full()
    return 'kept'
  }
}

type AckAll = ServerUnaryCall<AckAllQueueMessagesRequest, AckAllQueueMessagesResponse>

/** Takes its whole wait, at least 1 s; what is held, by ghosts too, is not touched (5.2). */
export function ackAllQueueMessages(
  broker: Broker,
  call: AckAll,
  reply: sendUnaryData<AckAllQueueMessagesResponse>,
): void {
  const { requestId, clientId, channel, waitTimeSeconds } = call.request
  const gone = new AbortController()
  whenGone(call, () => gone.abort())
  const purge = async (): Promise<AckAllQueueMessagesResponse> => {
    const error = purgeError(call.request)
    if (error !== undefined) return { requestId, affectedMessages: 0n, isError: true, error }
    let affected = 0n
    const group = broker.queues.group(channel, 'queue')
    const seat = group.join(PURGE_SEAT, (kept, own) => {
      affected += 1n
      group.ack(own, kept.seq)
    })
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, (waitTimeSeconds || 1) * 1_000)
      gone.signal.addEventListener('abort', () => resolve(clearTimeout(late)), { once: true })
    })
    group.leave(seat)
    broker.journal()?.flush()
    return { requestId, affectedMessages: affected, isError: false, error: '' }
  }
  answer(reply, clientId === '' ? purge() : alone(broker, channel, purge))
}

function purgeError({ clientId, channel, waitTimeSeconds }: AckAllQueueMessagesRequest): string | undefined {
  if (clientId === '') return SAYS.clientId
  const wrong = queueNameError(channel)
  if (wrong !== undefined) return wrong
  if (isBeyond(waitTimeSeconds, MAX_WAIT_S)) return SAYS.waitTimeout
  return isUnreadable(channel) ? SAYS.cannotSubscribe : undefined
}
