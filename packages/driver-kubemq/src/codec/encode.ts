import { type Event, type QueueMessage, QueuesUpstreamRequest } from '../proto/kubemq.js'
import { Pen, roomForBytes, roomForText } from './pen.js'

/** What a map's entry takes around its two fields, and a flag. */
const ROOM_AROUND = 8

/** As the generated code encodes it, in a fraction of its time. */
export function encodeEvent(event: Event): Buffer {
  const { eventId, clientId, channel, metadata, body, store, tags } = event
  const texts = roomForText(eventId) + roomForText(clientId) + roomForText(channel) + roomForText(metadata)
  const pen = new Pen(texts + roomForBytes(body) + roomForTags(tags) + ROOM_AROUND)
  pen.text(1, eventId)
  pen.text(2, clientId)
  pen.text(3, channel)
  pen.text(4, metadata)
  pen.bytes(5, body)
  pen.flag(6, store)
  writeTags(pen, 7, tags)
  return pen.written
}

/** As the generated code encodes it, in a fraction of its time unless a message has attributes or a policy, which few have. */
export function encodeUpstream(request: QueuesUpstreamRequest): Buffer {
  const { requestId, messages } = request
  if (!messages.every(isPlain)) return Buffer.from(QueuesUpstreamRequest.encode(request).finish())
  const room = messages.reduce((sum, one) => sum + ROOM_AROUND + roomForQueueMessage(one), roomForText(requestId))
  const pen = new Pen(room)
  pen.text(1, requestId)
  for (const message of messages) writeQueueMessage(pen, message)
  return pen.written
}

function isPlain({ attributes, policy }: QueueMessage): boolean {
  return attributes === undefined && policy === undefined
}

function roomForQueueMessage({ messageId, clientId, channel, metadata, body, tags }: QueueMessage): number {
  const texts = roomForText(messageId) + roomForText(clientId) + roomForText(channel) + roomForText(metadata)
  return texts + roomForBytes(body) + roomForTags(tags)
}

function writeQueueMessage(pen: Pen, message: QueueMessage): void {
  const room = roomForQueueMessage(message)
  const start = pen.open(2, room)
  pen.text(1, message.messageId)
  pen.text(2, message.clientId)
  pen.text(3, message.channel)
  pen.text(4, message.metadata)
  pen.bytes(5, message.body)
  writeTags(pen, 6, message.tags)
  pen.close(start, room)
}

function roomForTags(tags: Event['tags']): number {
  let room = 0
  for (const name in tags) room += roomForTag(name, tags[name] ?? '') + ROOM_AROUND
  return room
}

function roomForTag(name: string, value: string): number {
  return roomForText(name) + roomForText(value)
}

function writeTags(pen: Pen, field: number, tags: Event['tags']): void {
  for (const name in tags) {
    const value = tags[name] ?? ''
    const room = roomForTag(name, value)
    const start = pen.open(field, room)
    pen.text(1, name)
    pen.text(2, value)
    pen.close(start, room)
  }
}
