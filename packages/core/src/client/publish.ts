import type { Queue, Topic } from '../contract/contract.js'
import { type Encoded, encode } from '../contract/encode.js'
import type { Load } from '../departure/message.js'
import { toMs } from '../runtime/duration.js'
import type { Params, PublishOptions, SendOptions, Sent } from './api.js'
import type { Context } from './context.js'
import { wireHeaders } from './headers.js'
import { dispatch } from './sending.js'

/** Validates, encodes, finds the lane, and hands over to its outbox. */
export async function publish(
  context: Context,
  topic: Topic,
  value: unknown,
  options: PublishOptions & Params = {},
): Promise<Sent> {
  context.assertWritable(`publish to ${topic.name}`)
  const encoding = encode(topic, value, options.params)
  const encoded = encoding instanceof Promise ? await encoding : encoding
  return dispatch(context, topic, encoded.lane, load(encoded, options), options)
}

/** As publish, and the job may wait or expire at the engine. */
export async function send(
  context: Context,
  queue: Queue,
  value: unknown,
  options: SendOptions & Params = {},
): Promise<Sent> {
  context.assertWritable(`send to ${queue.name}`)
  const encoding = encode(queue, value, options.params)
  const encoded = encoding instanceof Promise ? await encoding : encoding
  return dispatch(context, queue, encoded.lane, load(encoded, options), options)
}

function load(encoded: Encoded, options: SendOptions): Load {
  return {
    path: encoded.path,
    key: encoded.key,
    body: encoded.body,
    bytes: encoded.bytes,
    headers: wireHeaders(options.headers),
    delayMs: options.delay === undefined ? undefined : toMs(options.delay, 'delay'),
    ttlMs: options.ttl === undefined ? undefined : toMs(options.ttl, 'ttl'),
  }
}
