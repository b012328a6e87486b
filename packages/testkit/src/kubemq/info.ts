import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import type { Broker } from './broker.js'
import { answer } from './calls.js'
import type { Empty, PingResult, QueueInfo, QueuesInfoRequest, QueuesInfoResponse } from './proto.js'

/** Of the release whose behaviour this copies, and never to be taken for it. */
const VERSION = '2.4.0-double'

/** Answered whatever else has died (C7). Host and start together are the epoch of what is stored (C13). */
export function ping(
  broker: Broker,
  _call: ServerUnaryCall<Empty, PingResult>,
  reply: sendUnaryData<PingResult>,
): void {
  const serverStartTime = BigInt(broker.startedAt)
  const serverUpTimeSeconds = BigInt(Math.max(0, Math.floor(Date.now() / 1_000) - broker.startedAt))
  answer(reply, { host: broker.host, version: VERSION, serverStartTime, serverUpTimeSeconds })
}

type Call = ServerUnaryCall<QueuesInfoRequest, QueuesInfoResponse>

/** Counts that never fall with acknowledgements; `waiting` has what others and ghosts hold (1, 2, 5.3). */
export function queuesInfo(broker: Broker, call: Call, reply: sendUnaryData<QueuesInfoResponse>): void {
  const { requestId, queueName } = call.request
  const wanted = queueName === '' ? undefined : queueName.split(';')
  const queues = broker.queues.channels
    .map((channel) => infoOf(broker, channel))
    .filter(({ name, messages }) => messages > 0n && (wanted?.includes(name) ?? true))
  const sum = (count: (queue: QueueInfo) => bigint): bigint => queues.reduce((total, queue) => total + count(queue), 0n)
  const info = {
    totalQueue: queues.length,
    sent: sum(({ sent }) => sent),
    delivered: sum(({ delivered }) => delivered),
    waiting: sum(({ waiting }) => waiting),
    queues,
  }
  answer(reply, { refRequestId: requestId, info })
}

function infoOf(broker: Broker, channel: string): QueueInfo {
  const log = broker.queues.log(channel)
  const [group] = broker.queues.groupsOf(channel)
  const messages = BigInt(log.last)
  return {
    // As the server shows it: without the letters of its prefix at both ends.
    name: channel.replace(/^[_QUES.]+|[_QUES.]+$/g, ''),
    messages,
    bytes: BigInt(log.bytes),
    firstSequence: messages > 0n ? 1n : 0n,
    lastSequence: messages,
    sent: messages,
    delivered: BigInt(group === undefined ? 0 : group.next - 1),
    waiting: BigInt(group?.waiting ?? log.last),
    subscribers: BigInt(group === undefined ? 0 : Math.max(1, group.seats.size)),
  }
}
