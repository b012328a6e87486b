import type { InputOf, Queue, Topic } from '../contract/contract.js'
import { type Encoded, encode } from '../contract/encode.js'
import { Letter } from '../departure/letter.js'
import { toMs } from '../runtime/duration.js'
import type { BareClient, Params, PublishOptions, SendOptions, Sent, WithParams } from './api.js'
import { type Context, contextOf } from './context.js'
import { wireHeaders } from './headers.js'
import { dispatch } from './sending.js'

/** Shared: most messages go without. */
const NONE: SendOptions & Params = Object.freeze({})

/**
 * Says it to whoever subscribes to the topic. Resolves when done (see {@link Sent}). Rejects with `outcome-unknown` if it
 * may have been taken; any other code promises that nobody will ever receive it.
 */
export function publish<C extends Topic>(
  client: BareClient,
  topic: C,
  value: InputOf<C>,
  ...rest: WithParams<C, PublishOptions>
): Promise<Sent>
export function publish(
  client: BareClient,
  topic: Topic,
  value: unknown,
  options: PublishOptions & Params = NONE,
): Promise<Sent> {
  return leave(client, topic, value, options)
}

/** Hands a job to whoever consumes the queue, perhaps later. Resolves and rejects as {@link publish}. */
export function send<C extends Queue>(
  client: BareClient,
  queue: C,
  value: InputOf<C>,
  ...rest: WithParams<C, SendOptions>
): Promise<Sent>
export function send(
  client: BareClient,
  queue: Queue,
  value: unknown,
  options: SendOptions & Params = NONE,
): Promise<Sent> {
  return leave(client, queue, value, options)
}

/** Validates, encodes, finds the lane, and hands over to its outbox. No promise but the one that the caller gets, unless the schema makes one: this runs per message. */
function leave(
  client: BareClient,
  contract: Topic | Queue,
  value: unknown,
  options: SendOptions & Params,
): Promise<Sent> {
  try {
    const context = contextOf(client)
    context.assertWritable(contract.name)
    const encoding = encode(contract, value, options.params)
    return encoding instanceof Promise
      ? encoding.then((encoded) => go(context, contract, encoded, options))
      : go(context, contract, encoding, options)
  } catch (error) {
    return Promise.reject(error)
  }
}

function go(context: Context, contract: Topic | Queue, encoded: Encoded, options: SendOptions): Promise<Sent> {
  return dispatch(context, contract, encoded.lane, letter(encoded, options), options)
}

function letter(encoded: Encoded, options: SendOptions): Letter {
  if (options === NONE) return new Letter(encoded, '')
  const { delay, headers, ttl } = options
  const delayMs = delay === undefined ? undefined : toMs(delay, 'delay')
  const ttlMs = ttl === undefined ? undefined : toMs(ttl, 'ttl')
  return new Letter({ ...encoded, headers: wireHeaders(headers), delayMs, ttlMs }, '')
}
