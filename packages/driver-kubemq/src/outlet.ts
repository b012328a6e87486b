import type { Body, Outgoing } from '@spanwire/driver'
import { tooLarge } from './errors.js'
import type { Opened } from './opened.js'
import { channelOf, hasChannelPerPath } from './place.js'
import { encodeTags, metadataOf, type Tags } from './tags.js'

/** Of a message on the wire, beside what is counted. */
const OVERHEAD = 200
/** Paths whose channel is remembered: to look a path over costs a part of sending it. */
const MAX_PATHS = 10_000

/** What all kinds of messages have at KubeMQ. */
export interface Encoded {
  readonly channel: string
  readonly metadata: string
  readonly body: Uint8Array
  readonly tags: Tags
  readonly bytes: number
}

/** `id`: ours, where it does not fit the place that KubeMQ has for it. Throws a `MessagingError` for what cannot be sent. */
export type Encode = (message: Outgoing, id?: string) => Encoded

export function encoderOf({ spec, can }: Opened): Encode {
  const channels = new Map<string, string>()
  const tagged = !hasChannelPerPath(spec)
  const remember = (path: string): string => {
    const channel = channelOf(spec, path)
    if (channels.size >= MAX_PATHS) channels.clear()
    channels.set(path, channel)
    return channel
  }
  return ({ path, key, headers, body: given }, id) => {
    const channel = channels.get(path) ?? remember(path)
    const body = bytesOf(given)
    const tags = encodeTags(headers, { path: tagged ? path : undefined, key, id })
    const bytes = body.length + OVERHEAD + sizeOf(tags)
    if (bytes > can.maxBytes + OVERHEAD) {
      throw tooLarge(bytes, can.maxBytes)
    }
    return { channel, metadata: metadataOf(tags, body.length), body, tags, bytes }
  }
}

export function bytesOf(body: Body): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body
}

function sizeOf(tags: Tags): number {
  let bytes = 0
  for (const name in tags) bytes += name.length + 8 + Buffer.byteLength(tags[name] ?? '')
  return bytes
}
