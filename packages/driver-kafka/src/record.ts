import { type Body, type ChannelSpec, type Headers, isPath, type Outgoing } from '@spanwire/driver'
import type { KafkaHeader, NewRecord } from './port/producing.js'
import type { KafkaRecord } from './port/reading.js'

/** Headers of ours; none of them is shown. */
const OURS = 'sw-k-'
const ID = 'sw-id'
/** The path, where the key of the record is another one. */
const PATH = `${OURS}path`
/** Where an answer is to go. */
export const REPLY_TO: string = `${OURS}reply-to`
/** What an answer answers. */
export const REPLY: string = `${OURS}reply`
/** The text that a responder failed with. */
export const ERROR: string = `${OURS}error`
/** As the client marks a tombstone. */
const REMOVED = 'sw-removed'

const utf8 = new TextEncoder()
const text = new TextDecoder()
const NONE: readonly KafkaHeader[] = []
const NO_HEADERS: Headers = []

export function header(name: string, value: string): KafkaHeader {
  return [name, utf8.encode(value)]
}

export function bytesOf(body: Body): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body
}

/** As a record: the key is the ordering key, else the path, so that others find it where Kafka's own clients would put it. */
export function recordOf(spec: ChannelSpec, message: Outgoing, extra: readonly KafkaHeader[] = NONE): NewRecord {
  const { body, headers = [], id, key, path } = message
  const own: KafkaHeader[] = [...extra]
  if (id !== undefined) own.push(header(ID, id))
  if (key !== undefined && path !== '') own.push(header(PATH, path))
  let isRemoved = false
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? ''
    if (name === REMOVED) isRemoved = true
    own.push(header(name, headers[at + 1] ?? ''))
  }
  const ordering = key ?? (path === '' && spec.kind !== 'topic' ? undefined : path)
  return {
    key: ordering === undefined ? undefined : utf8.encode(ordering),
    value: isRemoved && body.length === 0 ? undefined : bytesOf(body),
    headers: own,
  }
}

/** The path of a record, by our header or its key; that of a foreign key that is none has its tokens escaped as clients do. */
export function pathOf({ params }: ChannelSpec, record: KafkaRecord): string {
  if (params === 0) return ''
  const given = record.header(PATH)
  if (given !== undefined) return text.decode(given)
  const key = record.key === undefined ? '' : text.decode(record.key)
  if (isPath(key, params)) return key
  const tokens = params === 1 ? [key] : key.split('.')
  return Array.from({ length: params }, (_, at) => escaped(tokens[at] ?? '')).join('.')
}

/** As the client escapes a parameter; what it never makes, `_`, stands for nothing. */
function escaped(token: string): string {
  if (token === '') return '_'
  return Buffer.from(token)
    .toString('latin1')
    .replace(/[^A-Za-z0-9-]/g, (char) => `_${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .slice(0, 100)
}

export function idOf(record: KafkaRecord): string | undefined {
  return textOf(record, ID)
}

/** The first of that name. */
export function textOf(record: KafkaRecord, name: string): string | undefined {
  const value = record.header(name)
  return value === undefined ? undefined : text.decode(value)
}

/** Everything but what this driver put there, names in lower case. */
export function headersOf(record: KafkaRecord): Headers {
  const stored = record.headers()
  // Most have the id alone.
  if (stored.length === 1 && stored[0]?.[0] === ID && record.value !== undefined) return NO_HEADERS
  const pairs: string[] = []
  for (const [name, value] of stored) {
    const lower = name.toLowerCase()
    if (lower === ID || lower.startsWith(OURS)) continue
    pairs.push(lower, text.decode(value))
  }
  if (record.value === undefined && !pairs.includes(REMOVED)) pairs.push(REMOVED, '1')
  return pairs
}
