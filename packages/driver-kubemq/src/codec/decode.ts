import {
  EventReceive,
  type QueueMessage,
  type QueueMessageAttributes,
  QueuesDownstreamResponse,
} from '../proto/kubemq.js'
import type { Tags } from '../tags.js'
import { Scan } from './scan.js'

const NO_BYTES: Uint8Array = new Uint8Array()
/** Shared by all that have none. */
const NO_TAGS: Tags = Object.freeze({})

/** As the generated code decodes it, in a fraction of its time; a message with what servers do not send is left to that code. */
export function decodeEvent(bytes: Buffer): EventReceive {
  const scan = new Scan(bytes)
  let [eventId, channel, metadata] = ['', '', '']
  let body = NO_BYTES
  let [timestamp, sequence] = [0n, 0n]
  let tags: Tags | undefined = NO_TAGS
  for (let tag = scan.tag(); tag !== 0; tag = scan.tag()) {
    // The field's number in front of how it is written: 0 a number, 2 what has a length.
    if (tag === 0o12) eventId = scan.text()
    else if (tag === 0o22) channel = scan.text()
    else if (tag === 0o32) metadata = scan.text()
    else if (tag === 0o42) body = scan.bytes()
    else if (tag === 0o50) timestamp = BigInt.asIntN(64, scan.long())
    else if (tag === 0o60) sequence = scan.long()
    else tags = tag === 0o72 ? withTag(scan, tags) : undefined
    if (!tags) return EventReceive.decode(bytes)
  }
  return { eventId, channel, metadata, body, timestamp, sequence, tags }
}

/** The same of an answer to who takes from a queue. */
export function decodeDownstream(bytes: Buffer): QueuesDownstreamResponse {
  const scan = new Scan(bytes)
  let [transactionId, refRequestId, error] = ['', '', '']
  let requestTypeData: QueuesDownstreamResponse['requestTypeData'] = 0
  let isError = false
  const messages: QueueMessage[] = []
  let before = NO_MESSAGE
  for (let tag = scan.tag(); tag !== 0; tag = scan.tag()) {
    if (tag === 0o12) transactionId = scan.text()
    else if (tag === 0o22) refRequestId = scan.text()
    // A type that we do not know passes, as it does through the generated code.
    else if (tag === 0o30) requestTypeData = scan.varint() as QueuesDownstreamResponse['requestTypeData']
    else if (tag === 0o60) isError = scan.varint() !== 0
    else if (tag === 0o72) error = scan.text()
    else {
      const message = tag === 0o42 ? readMessage(scan, before) : undefined
      if (!message) return QueuesDownstreamResponse.decode(bytes)
      messages.push(message)
      before = message
    }
  }
  const rest = { activeOffsets: [], transactionComplete: false, metadata: {} }
  return { transactionId, refRequestId, requestTypeData, messages, isError, error, ...rest }
}

/** `before`: the one before it, which has much in common with it. Nothing: it has what servers do not send. */
function readMessage(scan: Scan, before: Pick<QueueMessage, 'clientId' | 'channel'>): QueueMessage | undefined {
  const outer = scan.enter()
  let [messageId, clientId, channel, metadata] = ['', '', '', '']
  let body = NO_BYTES
  let tags: Tags | undefined = NO_TAGS
  let attributes: QueueMessageAttributes | undefined
  for (let tag = scan.tag(); tag !== 0; tag = scan.tag()) {
    if (tag === 0o12) messageId = scan.text()
    else if (tag === 0o22) clientId = scan.text(before.clientId)
    else if (tag === 0o32) channel = scan.text(before.channel)
    else if (tag === 0o42) metadata = scan.text()
    else if (tag === 0o52) body = scan.bytes()
    else if (tag === 0o62) tags = withTag(scan, tags)
    else {
      attributes = tag === 0o72 ? readAttributes(scan) : undefined
      if (!attributes) return undefined
    }
    if (!tags) return undefined
  }
  scan.leave(outer)
  return { messageId, clientId, channel, metadata, body, tags, attributes, policy: undefined }
}

const NO_MESSAGE: Pick<QueueMessage, 'clientId' | 'channel'> = { clientId: '', channel: '' }

function readAttributes(scan: Scan): QueueMessageAttributes | undefined {
  const outer = scan.enter()
  let [timestamp, sequence, expirationAt, delayedTo] = [0n, 0n, 0n, 0n]
  let [md5OfBody, reRoutedFromQueue] = ['', '']
  let receiveCount = 0
  let reRouted = false
  for (let tag = scan.tag(); tag !== 0; tag = scan.tag()) {
    if (tag === 0o10) timestamp = BigInt.asIntN(64, scan.long())
    else if (tag === 0o20) sequence = scan.long()
    else if (tag === 0o32) md5OfBody = scan.text()
    else if (tag === 0o40) receiveCount = scan.varint() | 0
    else if (tag === 0o50) reRouted = scan.varint() !== 0
    else if (tag === 0o62) reRoutedFromQueue = scan.text()
    else if (tag === 0o70) expirationAt = BigInt.asIntN(64, scan.long())
    else if (tag === 0o100) delayedTo = BigInt.asIntN(64, scan.long())
    else return undefined
  }
  scan.leave(outer)
  const times = { timestamp, expirationAt, delayedTo }
  return { ...times, sequence, md5OfBody, receiveCount, reRouted, reRoutedFromQueue }
}

/** With one tag more. Nothing: that has what servers do not send. */
function withTag(scan: Scan, before: Tags): Tags | undefined {
  const tags = before === NO_TAGS ? {} : before
  const outer = scan.enter()
  let [name, value] = ['', '']
  for (let tag = scan.tag(); tag !== 0; tag = scan.tag()) {
    if (tag === 0o12) name = scan.text()
    else if (tag === 0o22) value = scan.text()
    else return undefined
  }
  scan.leave(outer)
  tags[name] = value
  return tags
}
