import { type Body, MessagingError } from '@spanwire/driver'
import type { Codec } from './codec.js'
import type { Contract, Rpc } from './contract.js'
import { laneOf } from './lane.js'
import { validate } from './schema.js'
import { pathOf } from './template.js'

/** A value on its way: what goes on the wire and where it belongs. */
export interface Encoded {
  readonly body: Body
  readonly path: string
  /** Ordering key where it is not the path. */
  readonly key: string | undefined
  readonly lane: string
}

/**
 * Checks a value and makes it ready for the wire. The schema's input travels, not its output: the reader validates again
 * and gets the output. Parameters are taken from `params`, else from the value. Throws `invalid`, naming what does not fit;
 * gives a promise, which may reject so, only where the schema gives one.
 */
export function encode(
  contract: Contract,
  value: unknown,
  params?: Readonly<Record<string, string | number>>,
): Encoded | Promise<Encoded> {
  const checked = validate(contract, contract.schema, value, refusal)
  return checked instanceof Promise
    ? checked.then(() => place(contract, value, params))
    : place(contract, value, params)
}

/** As {@link encode}, for what a responder returns. */
export function encodeReply(contract: Rpc, value: unknown): Body | Promise<Body> {
  const checked = validate(contract, contract.reply, value, refusal)
  return checked instanceof Promise
    ? checked.then(() => bodyOf(contract, contract.replyCodec, value))
    : bodyOf(contract, contract.replyCodec, value)
}

function place(
  contract: Contract,
  value: unknown,
  params: Readonly<Record<string, string | number>> | undefined,
): Encoded {
  const path = pathOf(contract, params, value)
  const key = contract.kind === 'rpc' ? undefined : contract.key?.(value)
  if (key !== undefined && typeof key !== 'string')
    throw new MessagingError('invalid', `The key of a value for ${contract.template} is ${typeof key}, not text.`)
  return { path, key, lane: laneOf(path, key), body: bodyOf(contract, contract.codec, value) }
}

function bodyOf(contract: Contract, codec: Codec, value: unknown): Body {
  try {
    return codec.encode(value)
  } catch (cause) {
    throw refusal(contract, `${cause}`, cause)
  }
}

function refusal(contract: Contract, why: string, cause?: unknown): MessagingError {
  return new MessagingError('invalid', `The value does not fit ${contract.template}: ${why}`, { cause })
}
