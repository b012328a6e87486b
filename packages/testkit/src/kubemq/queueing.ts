import { randomUUID } from 'node:crypto'
import type { Broker } from './broker.js'
import { wallNs } from './clock.js'
import { folderError, PREFIX, troubleWith } from './names.js'
import type { QueueMessage, QueueMessageAttributes, QueueMessagePolicy, SendQueueMessageResult } from './proto.js'
import { SAYS } from './texts.js'
import { MAX_RECEIVES, policyError, queueMessageError } from './validate.js'

const SECOND_NS = 1_000_000_000n

export const NO_ATTRIBUTES: QueueMessageAttributes = {
  timestamp: 0n,
  sequence: 0n,
  md5OfBody: '',
  receiveCount: 0,
  reRouted: false,
  reRoutedFromQueue: '',
  expirationAt: 0n,
  delayedTo: 0n,
}

export const NO_POLICY: QueueMessagePolicy = {
  expirationSeconds: 0,
  delaySeconds: 0,
  maxReceiveCount: 0,
  maxReceiveQueue: '',
}

/** What became of one message; `hangs`: its error comes after two minutes (3.4). */
export interface Queued {
  readonly result: SendQueueMessageResult
  readonly pace: 'now' | 'hangs'
}

/** Takes one message, or says why not. Attributes are the server's: those of the sender are wiped (5.4). */
export function enqueue(broker: Broker, given: QueueMessage): Queued {
  const messageId = given.messageId || randomUUID()
  const policy = given.policy ?? NO_POLICY
  const wrong = queueMessageError(given) ?? policyError(policy) ?? subjectError(broker, given.channel)
  if (wrong !== undefined) return { result: failed(messageId, wrong), pace: 'now' }
  if (/[\t\r\n]/.test(given.channel)) return { result: failed(messageId, SAYS.stanAckTimeout), pace: 'hangs' }
  const attributes = timed(policy)
  const message = {
    ...given,
    messageId,
    attributes,
    policy: { ...policy, maxReceiveCount: policy.maxReceiveCount || MAX_RECEIVES },
  }
  if (attributes.delayedTo > 0n) broker.delay(message, attributes.delayedTo)
  else broker.queues.store(message)
  const { expirationAt, delayedTo } = attributes
  return { result: { messageId, sentAt: wallNs(), expirationAt, delayedTo, isError: false, error: '' }, pace: 'now' }
}

/** The expiry runs from the end of the delay (5.4). */
function timed({ expirationSeconds, delaySeconds }: QueueMessagePolicy): QueueMessageAttributes {
  const now = wallNs()
  const delayedTo = delaySeconds > 0 ? now + BigInt(delaySeconds) * SECOND_NS : 0n
  const expirationAt = expirationSeconds > 0 ? now + BigInt(expirationSeconds + delaySeconds) * SECOND_NS : 0n
  return { ...NO_ATTRIBUTES, delayedTo, expirationAt }
}

export function failed(messageId: string, error: string): SendQueueMessageResult {
  return { messageId, sentAt: 0n, expirationAt: 0n, delayedTo: 0n, isError: true, error }
}

function subjectError({ host }: Broker, channel: string): string | undefined {
  const trouble = troubleWith(channel, PREFIX.queue)
  switch (trouble) {
    case 'empty token':
    case 'slash':
      return SAYS.stanPublish
    case 'nul':
    case 'long':
      return folderError(trouble, host, PREFIX.queue + channel)
    default:
      return undefined
  }
}

/** Whether a queue of this name cannot be received from, although some can be sent to (3.4). */
export function isUnreadable(channel: string): boolean {
  const trouble = troubleWith(channel, PREFIX.queue)
  return (
    trouble === 'empty token' || trouble === 'slash' || trouble === 'nul' || trouble === 'long' || trouble === 'colon'
  )
}

export function attributesOf(message: QueueMessage): QueueMessageAttributes {
  return message.attributes ?? NO_ATTRIBUTES
}

export function isExpired(message: QueueMessage): boolean {
  const { expirationAt } = attributesOf(message)
  return expirationAt > 0n && expirationAt < wallNs()
}

/**
 * `false`: it has been received too often. Then it is in its other queue, as a new message without a policy, and where it
 * has none it is gone (5.2).
 */
export function passesPolicy(broker: Broker, message: QueueMessage, receiveCount: number): boolean {
  const { maxReceiveCount, maxReceiveQueue } = message.policy ?? NO_POLICY
  if (maxReceiveCount <= 0 || receiveCount <= maxReceiveCount) return true
  if (maxReceiveQueue === '') return false
  const { expirationAt } = attributesOf(message)
  const attributes = { ...NO_ATTRIBUTES, reRouted: true, reRoutedFromQueue: message.channel, expirationAt }
  broker.queues.store({ ...message, channel: maxReceiveQueue, attributes, policy: NO_POLICY })
  return false
}

/** Puts a copy at the tail that counts one more receipt; what that is too much for goes where it belongs (5.2). */
export function putBack(broker: Broker, message: QueueMessage): void {
  const attributes = { ...attributesOf(message), receiveCount: attributesOf(message).receiveCount + 1 }
  if (passesPolicy(broker, message, attributes.receiveCount + 1)) broker.queues.store({ ...message, attributes })
}
