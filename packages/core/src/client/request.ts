import { MessagingError } from '@spanwire/driver'
import type { InputOf, ReplyOf, Rpc } from '../contract/contract.js'
import { decodeReply } from '../contract/decode.js'
import { encode } from '../contract/encode.js'
import { toMs } from '../runtime/duration.js'
import type { BareClient, Params, RequestOptions, WithParams } from './api.js'
import { ask } from './asking.js'
import { contextOf } from './context.js'
import { wireHeaders } from './headers.js'
import { canceled, type Question } from './question.js'

const DEFAULT_MS = 5_000

/** Asks whoever responds, and gives the answer. Rejects with `outcome-unknown` if it may have run; with `remote` if the handler failed. */
export function request<C extends Rpc>(
  client: BareClient,
  rpc: C,
  query: InputOf<C>,
  ...rest: WithParams<C, RequestOptions>
): Promise<ReplyOf<C>>
export async function request(
  client: BareClient,
  rpc: Rpc,
  query: unknown,
  options: RequestOptions & Params = {},
): Promise<unknown> {
  const context = contextOf(client)
  context.assertOpen(`request ${rpc.name}`)
  if (options.signal?.aborted) throw canceled(rpc)
  if (options.hedge !== undefined && !rpc.idempotent)
    throw new MessagingError('invalid', `request ${rpc.name}: hedge asks two sites, so the contract must be idempotent`)
  const encoding = encode(rpc, query, options.params)
  const encoded = encoding instanceof Promise ? await encoding : encoding
  const timeoutMs = options.timeout === undefined ? DEFAULT_MS : toMs(options.timeout, 'timeout')
  const question: Question = {
    rpc,
    encoded,
    headers: wireHeaders(options.headers),
    timed: true,
    signal: options.signal,
    id: undefined,
    until: context.runtime.now() + timeoutMs,
    tried: new Set(),
    refusedBy: new Set(),
    attempts: 0,
    ambiguous: false,
    again: false,
    hedge: options.hedge,
  }
  context.asking.add(question)
  try {
    const reply = await ask(context, question)
    if (reply.error !== undefined) throw new MessagingError('remote', reply.error)
    return await decodeReply(rpc, reply.body)
  } finally {
    context.asking.delete(question)
  }
}
