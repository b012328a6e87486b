import type { Queue, Topic } from '../contract/contract.js'
import { type Encoded, encode } from '../contract/encode.js'
import type { Load } from '../departure/message.js'
import { toMs } from '../runtime/duration.js'
import type { Params, PublishOptions, SendOptions, Sent } from './api.js'
import type { Context } from './context.js'
import { wireHeaders } from './headers.js'
import { dispatch } from './sending.js'

/** Validates, encodes, finds the lane, and hands over to its outbox. */
export function publish(
  context: Context,
  topic: Topic,
  value: unknown,
  options: PublishOptions & Params = {},
): Promise<Sent> {
  return leave(context, topic, value, options)
}

/** As publish, and the job may wait or expire at the engine. */
export function send(
  context: Context,
  queue: Queue,
  value: unknown,
  options: SendOptions & Params = {},
): Promise<Sent> {
  return leave(context, queue, value, options)
}

/** No promise but the one that the caller gets, unless the schema makes one: this runs per message. */
function leave(
  context: Context,
  contract: Topic | Queue,
  value: unknown,
  options: SendOptions & Params,
): Promise<Sent> {
  try {
    context.assertWritable(contract.name)
    const encoding = encode(contract, value, options.params)
    const go = (encoded: Encoded): Promise<Sent> =>
      dispatch(context, contract, encoded.lane, load(encoded, options), options)
    return encoding instanceof Promise ? encoding.then(go) : go(encoding)
  } catch (error) {
    return Promise.reject(error)
  }
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
