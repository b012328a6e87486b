import { type Body, MessagingError } from '@spanwire/driver'
import type { Codec } from './codec.js'
import type { Contract, Rpc } from './contract.js'
import { type StandardSchema, type Valid, validate } from './schema.js'

/**
 * What a publisher, sender or requester said: the schema's output. Throws `decode` for bytes that are not the codec's and
 * values that the schema refuses; gives a promise, which may reject so, only where the schema gives one.
 */
export function decode(contract: Contract, body: Body): unknown {
  return read(contract, contract.codec, contract.schema, body)
}

/** As {@link decode}, for what a responder answered. */
export function decodeReply(contract: Rpc, body: Body): unknown {
  return read(contract, contract.replyCodec, contract.reply, body)
}

function read(contract: Contract, codec: Codec, schema: StandardSchema, body: Body): unknown {
  let value: unknown
  try {
    value = codec.decode(body)
  } catch (cause) {
    throw refusal(contract, `${cause}`, cause)
  }
  const checked = validate(contract, schema, value, refusal)
  return checked instanceof Promise ? checked.then(outputOf) : checked.value
}

function outputOf({ value }: Valid): unknown {
  return value
}

function refusal(contract: Contract, why: string, cause?: unknown): MessagingError {
  return new MessagingError('decode', `What arrived on ${contract.template} does not fit it: ${why}`, { cause })
}
