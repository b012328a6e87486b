import { type Answer, type ChannelSpec, isPath, MessagingError, type Outgoing } from '@spanwire/driver'
import { headersOf, invalid, list, maybe, text, whole } from './check.js'
import type { Inbound } from './frame.js'
import type { Checked } from './sends.js'

/** Messages of one `send` op. */
const MAX_BATCH = 4_096

/** Reads the messages of a `send` op and asks of each whether it may go. A place that is null was refused by the client itself. */
export function messagesOf(
  value: unknown,
  frame: Inbound,
  spec: ChannelSpec,
  maxBytes: number,
  refusal: (message: Outgoing, ordinal: number) => MessagingError | undefined,
): readonly Checked[] {
  const checked: Checked[] = []
  list(value, 'messages', MAX_BATCH).forEach((tuple, index) => {
    if (tuple === null) return
    const message = messageOf(tuple, frame)
    const error = misfit(message, spec, maxBytes) ?? refusal(message, checked.length)
    if (!error) checked.push({ index, message })
    else checked.push({ index, outcome: error.code === 'overloaded' ? 'unsent' : 'refused', error })
  })
  return checked
}

function messageOf(tuple: unknown, frame: Inbound): Outgoing {
  const [path, id, slot, headers, key, delayMs, ttlMs] = list(tuple, 'a message', 7)
  const given = {
    id: maybe(id, (id) => text(id, 'an id', 100)),
    headers: maybe(headers, headersOf),
    key: maybe(key, (key) => text(key, 'a key', 1_000)),
    delayMs: maybe(delayMs, (ms) => whole(ms, 'a delay')),
    ttlMs: maybe(ttlMs, (ms) => whole(ms, 'a time to live')),
  }
  return {
    path: text(path, 'a path', 1_000),
    body: frame.body(slot),
    ...(given.id !== undefined && { id: given.id }),
    ...(given.headers && { headers: given.headers }),
    ...(given.key !== undefined && { key: given.key }),
    ...(given.delayMs !== undefined && { delayMs: given.delayMs }),
    ...(given.ttlMs !== undefined && { ttlMs: given.ttlMs }),
  }
}

function misfit({ path, body, headers }: Outgoing, spec: ChannelSpec, maxBytes: number): MessagingError | undefined {
  if (!isPath(path, spec.params)) {
    return new MessagingError(
      'invalid',
      `Not a path of ${spec.params} tokens on ${spec.name}: ${JSON.stringify(path.slice(0, 60))}.`,
    )
  }
  const bytes = Buffer.byteLength(body) + (headers ? Buffer.byteLength(headers.join('')) : 0)
  if (bytes <= maxBytes) return undefined
  return new MessagingError(
    'too-large',
    `A message of ${bytes} bytes; ${spec.name} takes at most ${maxBytes} through this gateway.`,
  )
}

/** How a delivery is settled: `"ack"`, `"retry", ms` or `"answer", body, error, headers`. */
export function answerOf(fields: readonly unknown[], frame: Inbound): 'ack' | { readonly retryMs: number } | Answer {
  const [how, value, error, headers] = fields
  if (how === 'ack') return 'ack'
  if (how === 'retry') return { retryMs: whole(value, 'a pause') }
  if (how !== 'answer') throw invalid('a way to settle that is none')
  const failed = maybe(error, (error) => text(error, 'an error', 64_000))
  const answer = { body: frame.body(value), ...(failed === undefined ? undefined : { error: failed }) }
  return headers == null ? answer : { ...answer, headers: headersOf(headers) }
}
