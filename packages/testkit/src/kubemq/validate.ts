import { channelError, queueNameError } from './names.js'
import {
  type Event,
  EventsStoreType,
  type QueueMessage,
  type QueueMessagePolicy,
  type Request,
  type Response,
  type Subscribe,
} from './proto.js'
import { SAYS } from './texts.js'

/** What KubeMQ itself refuses, in the order in which it looks; undefined: nothing. */
export function eventError({ clientId, channel, metadata, body }: Event): string | undefined {
  if (clientId === '') return SAYS.clientId
  const wrong = channelError(channel, 'refused')
  if (wrong !== undefined) return wrong
  // Tags alone are empty (5.4).
  return metadata === '' && body.length === 0 ? SAYS.messageEmpty : undefined
}

export function queueMessageError({ clientId, channel, metadata, body }: QueueMessage): string | undefined {
  if (clientId === '') return SAYS.clientId
  const wrong = queueNameError(channel)
  if (wrong !== undefined) return wrong
  return metadata === '' && body.length === 0 ? SAYS.messageEmpty : undefined
}

const MAX_SECONDS = 43_200
export const MAX_RECEIVES = 1_024

export function policyError(policy: QueueMessagePolicy): string | undefined {
  if (isBeyond(policy.expirationSeconds, MAX_SECONDS)) return SAYS.expiration
  if (isBeyond(policy.maxReceiveCount, MAX_RECEIVES)) return SAYS.maxReceive
  if (isBeyond(policy.delaySeconds, MAX_SECONDS)) return SAYS.delay
  return policy.maxReceiveQueue === '' ? undefined : queueNameError(policy.maxReceiveQueue)
}

export function isBeyond(value: number, max: number): boolean {
  return value < 0 || value > max
}

export function eventsSubscriptionError(subscribe: Subscribe): string | undefined {
  if (subscribe.clientId === '') return SAYS.clientId
  const wrong = channelError(subscribe.channel, 'allowed')
  if (wrong !== undefined) return wrong
  return subscribe.eventsStoreTypeData === EventsStoreType.UNDEFINED ? undefined : SAYS.notStore
}

export function storeSubscriptionError({
  channel,
  eventsStoreTypeData,
  eventsStoreTypeValue,
}: Subscribe): string | undefined {
  const wrong = channelError(channel, 'refused')
  if (wrong !== undefined) return wrong
  if (eventsStoreTypeData === EventsStoreType.UNDEFINED) return SAYS.startType
  if (eventsStoreTypeValue > 0n) return undefined
  switch (eventsStoreTypeData) {
    case EventsStoreType.START_AT_SEQUENCE:
      return SAYS.startSequence
    case EventsStoreType.START_AT_TIME:
      return SAYS.startTime
    case EventsStoreType.START_AT_TIME_DELTA:
      return SAYS.startDelta
    default:
      return undefined
  }
}

export function requestsSubscriptionError({ clientId, channel }: Subscribe): string | undefined {
  return clientId === '' ? SAYS.clientId : channelError(channel, 'allowed')
}

export function requestError({
  clientId,
  channel,
  timeout,
  metadata,
  body,
  cacheKey,
  cacheTtl,
}: Request): string | undefined {
  if (clientId === '') return SAYS.clientId
  const wrong = channelError(channel, 'refused')
  if (wrong !== undefined) return wrong
  if (timeout <= 0) return SAYS.timeout
  if (metadata === '' && body.length === 0) return SAYS.requestEmpty
  return cacheKey !== '' && cacheTtl <= 0 ? SAYS.cacheTtl : undefined
}

export function responseError({ clientId, replyChannel, requestId }: Response): string | undefined {
  if (clientId === '') return SAYS.clientId
  return channelError(replyChannel, 'refused') ?? (requestId === '' ? SAYS.requestId : undefined)
}
