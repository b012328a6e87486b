import { setTimeout as elapse } from 'node:timers/promises'
import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import type { Broker } from './broker.js'
import { answer, type Failure, unknown, writeAndHold } from './calls.js'
import { Slots } from './pool.js'
import type {
  QueueMessage,
  QueueMessagesBatchRequest,
  QueueMessagesBatchResponse,
  QueuesUpstreamRequest,
  QueuesUpstreamResponse,
  SendQueueMessageResult,
} from './proto.js'
import { enqueue, failed } from './queueing.js'
import { SAYS } from './texts.js'

/** Requests of one stream run side by side, and are answered in whatever order they end (5.4). */
export function queuesUpstream(
  broker: Broker,
  call: ServerDuplexStream<QueuesUpstreamRequest, QueuesUpstreamResponse>,
): void {
  let running = 0
  call.on('data', (request: QueuesUpstreamRequest) => {
    const alone = running === 0
    running += 1
    const work = async (): Promise<void> => {
      // Alone it is answered at once; of several, one may overtake another.
      if (!alone && broker.chance.hits(0.3)) await elapse(broker.chance.between(0, 2))
      const response = await respond(broker, request)
      running -= 1
      if (response !== undefined && !call.cancelled) writeAndHold(call, response)
    }
    work().catch(() => call.destroy())
  })
  // Half a close is not noticed (7).
}

/** Undefined: stored, and never answered (C2). */
async function respond(
  broker: Broker,
  { requestId, messages }: QueuesUpstreamRequest,
): Promise<QueuesUpstreamResponse | undefined> {
  if (messages.length === 0)
    return { refRequestId: requestId, results: [], isError: true, error: 'no messages to send' }
  const results = await enqueueAll(broker, messages)
  const isStored = results.some(({ isError }) => !isError)
  if (isStored && broker.chance.hits(broker.quirks().unanswered)) return undefined
  return { refRequestId: requestId, results, isError: false, error: '' }
}

/** All on one client of the pool, which a poisoned name breaks: every 200th call after it hangs (3.4). */
async function enqueueAll(broker: Broker, messages: readonly QueueMessage[]): Promise<SendQueueMessageResult[]> {
  const slot = broker.upstreams.next()
  // A carriage return in a stored event's channel made about every second queue send hang too (3.4).
  const isBroken = slot.state === 'broken' || (broker.poison.store === 'wedged' && broker.chance.hits(0.5))
  const queued = messages.map((message) =>
    isBroken
      ? { result: failed(message.messageId, SAYS.stanAckTimeout), pace: 'hangs' as const }
      : enqueue(broker, message),
  )
  broker.journal()?.flush()
  if (queued.some(({ pace }) => pace === 'hangs')) {
    slot.state = 'broken'
    await elapse(broker.quirks().publishAckMs, undefined, { ref: false })
  }
  return queued.map(({ result }) => result)
}

/** The client of the broker inside that unary sends to one queue share; other queues are not harmed (3.4). */
const senders = new WeakMap<Broker, Slots>()

function senderOf(broker: Broker, channel: string): { state: 'good' | 'broken' } {
  const slots = senders.get(broker) ?? new Slots()
  senders.set(broker, slots)
  return slots.of(channel)
}

export function sendQueueMessage(
  broker: Broker,
  call: ServerUnaryCall<QueueMessage, SendQueueMessageResult>,
  reply: sendUnaryData<SendQueueMessageResult>,
): void {
  answer(reply, sendOne(broker, call.request))
}

async function sendOne(broker: Broker, message: QueueMessage): Promise<SendQueueMessageResult> {
  const sender = senderOf(broker, message.channel)
  const { result, pace } = enqueue(broker, message)
  broker.journal()?.flush()
  if (pace === 'now' && sender.state === 'good') return result
  sender.state = 'broken'
  await elapse(broker.quirks().publishAckMs, undefined, { ref: false })
  return failed(result.messageId, SAYS.stanAckTimeout)
}

export function sendQueueMessagesBatch(
  broker: Broker,
  call: ServerUnaryCall<QueueMessagesBatchRequest, QueueMessagesBatchResponse>,
  reply: sendUnaryData<QueueMessagesBatchResponse>,
): void {
  const sent = sendBatch(broker, call.request)
  // Never answered, as on the stream (C2).
  sent.then(
    (response) => response !== undefined && answer(reply, response),
    (error: unknown) => answer(reply, unknown(String(error))),
  )
}

async function sendBatch(
  broker: Broker,
  { batchId, messages }: QueueMessagesBatchRequest,
): Promise<QueueMessagesBatchResponse | Failure | undefined> {
  if (messages.length === 0) return unknown('empty messages batch')
  const answered = await respond(broker, { requestId: batchId, messages })
  // Items that were refused do not count as errors of the batch (5.4).
  return answered && { batchId, results: answered.results, haveErrors: false }
}
