import {
  type ChannelSpec,
  type Flow,
  type Headers,
  isChannelName,
  isPathPattern,
  MessagingError,
  type Source,
  type Start,
} from '@spanwire/driver'

/** Said of frames that break the protocol: the connection ends with it. */
export function invalid(what: string): MessagingError {
  return new MessagingError('invalid', `The client sent ${what}; see the protocol, version 1.`, { scope: 'link' })
}

/** An op as it came: its name and its fields. */
export function opOf(op: unknown): readonly [name: string, ...fields: readonly unknown[]] {
  if (!Array.isArray(op) || typeof op[0] !== 'string')
    throw invalid('an op that is not an array starting with its name')
  return op as unknown as readonly [string, ...unknown[]]
}

export function whole(value: unknown, what: string, min = 0, max: number = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  throw invalid(`${what} that is not a whole number from ${min} on`)
}

export function text(value: unknown, what: string, max: number): string {
  if (typeof value === 'string' && value.length <= max) return value
  throw invalid(`${what} that is not a text of at most ${max} characters`)
}

/** What may be left out is `undefined`, and `null` says the same. */
export function maybe<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value)
}

export function list(value: unknown, what: string, max: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= max) return value
  throw invalid(`${what} that is not a list of at most ${max}`)
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalid(`${what} that is not an object`)
}

/** Names are refused as `invalid` to the one who asked; a spec of another form breaks the protocol. */
export function channelSpec(value: unknown): ChannelSpec {
  const { kind, name: given, params: count, keep, latest, leaseMs } = record(value, 'a channel')
  const name = text(given, 'a channel name', 1_000)
  const params = whole(count, 'a number of parameters', 0, 100)
  if (!isChannelName(name))
    throw new MessagingError('invalid', `Not a channel name: ${JSON.stringify(name.slice(0, 60))}.`)
  if (kind === 'rpc') return { kind, name, params }
  if (kind === 'queue') return { kind, name, params, leaseMs: whole(leaseMs, 'a lease', 1) }
  if (kind === 'topic' && (keep === 'live' || keep === 'durable'))
    return { kind, name, params, keep, latest: latest === true }
  throw invalid('a channel of no known kind')
}

export function flowOf(value: unknown): Flow {
  const { messages, bytes, conflateHz } = record(value, 'a flow')
  if (conflateHz !== undefined && !(typeof conflateHz === 'number' && conflateHz >= 0))
    throw invalid('a rate below zero')
  return {
    messages: whole(messages, 'a bound of messages', 1),
    bytes: whole(bytes, 'a bound of bytes', 1),
    ...(conflateHz === undefined ? undefined : { conflateHz }),
  }
}

/** Where a position leads when its log is another one by now. */
export interface Wanted {
  readonly source: Source
  /** Epoch and what to do when the position is not of this log any more. */
  readonly resume: { readonly epoch: string; readonly otherwise: Start | undefined } | undefined
}

const STARTS = ['now', 'beginning', 'latest']

export function sourceOf(value: unknown, params: number): Wanted {
  const { paths: given, start, group } = record(value, 'a source')
  const paths = maybe(given, (paths) => list(paths, 'paths', 1_000).map((path) => text(path, 'a pattern', 1_000)))
  for (const path of paths ?? []) {
    if (!isPathPattern(path, params))
      throw new MessagingError('invalid', `Not a pattern of ${params} tokens: ${JSON.stringify(path.slice(0, 60))}.`)
  }
  const from = maybe(start, startOf)
  const share = maybe(group, (name) => text(name, 'a group', 200))
  return {
    source: {
      ...(paths && { paths }),
      ...(from && { start: from.start }),
      ...(share !== undefined && { group: share }),
    },
    resume: from?.resume,
  }
}

function startOf(value: unknown): { readonly start: Start; readonly resume: Wanted['resume'] } {
  const { at, timeMs, position, otherwise } = record(value, 'a start')
  if (typeof at === 'string' && STARTS.includes(at)) return { start: { at: at as 'now' }, resume: undefined }
  if (at === 'time') return { start: { at, timeMs: whole(timeMs, 'a time') }, resume: undefined }
  if (at !== 'position') throw invalid('a start of no known kind')
  const [epoch, offset] = list(position, 'a position', 2)
  return {
    start: { at, position: text(offset, 'an offset', 4_000) },
    resume: { epoch: text(epoch, 'an epoch', 200), otherwise: maybe(otherwise, (other) => startOf(other).start) },
  }
}

/** Characters of all headers of one message. */
const MAX_HEADERS = 16_384

export function headersOf(value: unknown): Headers {
  const headers = list(value, 'headers', 1_000)
  let size = 0
  for (const one of headers) size += text(one, 'a header', MAX_HEADERS).length
  if (headers.length % 2 === 1 || size > MAX_HEADERS) throw invalid('headers that are not pairs or too large')
  return headers as Headers
}
