import { type Headers, MessagingError, type Outgoing, type Reply, type SendOutcome } from '@spanwire/driver'
import type { InputOf, ReplyOf, Rpc } from '../contract/contract.js'
import { decodeReply } from '../contract/decode.js'
import { type Encoded, encode } from '../contract/encode.js'
import { AGAIN } from '../departure/outgoing.js'
import { choose } from '../route/choose.js'
import { toMs } from '../runtime/duration.js'
import type { Ticket } from '../session/sender.js'
import { avoiding } from './able.js'
import type { BareClient, Params, RequestOptions, WithParams } from './api.js'
import { boundPublisher } from './bound.js'
import { type Context, contextOf, reasons } from './context.js'
import { deadlinesOf } from './deadlines.js'
import { wireHeaders } from './headers.js'

/** Carries what is left of the caller's time, in ms, so that nobody starts what nobody waits for (R45). */
export const TIMEOUT = 'sw-timeout'

const DEFAULT_MS = 5_000
/** Sends of one request, in all: only an idempotent one is sent again after an unknown outcome. */
const MAX_ATTEMPTS = 3

/** One question on its way: at most one wire send unless the contract is idempotent (R45). */
export interface Question {
  readonly rpc: Pick<Rpc, 'name' | 'spec' | 'idempotent'>
  readonly encoded: Pick<Encoded, 'path' | 'body' | 'bytes' | 'lane'>
  readonly headers: Headers
  /** Says in a header how much of the time is left. */
  readonly timed: boolean
  readonly signal: AbortSignal | undefined
  /** Given with the first wire send, when a link has told which publisher it accepts (R3, R52). */
  id: string | undefined
  readonly until: number
  readonly tried: Set<string>
  /** Nobody is there, or who is will not: asking them again brings no responder. */
  readonly refusedBy: Set<string>
  attempts: number
  ambiguous: boolean
}

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

/** Asks site after site until one answers, refuses for good, or the time is up. */
export async function ask(context: Context, question: Question): Promise<Reply> {
  let last: MessagingError | undefined
  for (;;) {
    const site = await readySite(context, question, last).catch((error: MessagingError) => {
      throw final(question, error)
    })
    const outcome = await attempt(context, question, site)
    if (outcome.outcome === 'done') {
      if (outcome.reply !== undefined) return outcome.reply
      throw new MessagingError('decode', `request ${question.rpc.name}: ${site} reported success without a reply`, {
        site,
      })
    }
    last = outcome.error
    question.tried.add(site)
    if (outcome.outcome === 'unknown') question.ambiguous = true
    if (outcome.outcome === 'refused') question.refusedBy.add(site)
    if (!mayRetry(context, question, outcome)) throw final(question, outcome.error)
  }
}

function mayRetry(context: Context, question: Question, outcome: SendOutcome): boolean {
  if (question.signal?.aborted || context.runtime.now() >= question.until) return false
  if (question.attempts >= MAX_ATTEMPTS) return false
  if (outcome.outcome === 'unknown') return question.rpc.idempotent
  if (outcome.outcome === 'refused' && outcome.error.scope === 'message' && outcome.error.code !== 'not-found')
    return false
  return (question.rpc.idempotent || !question.ambiguous) && reachable(context, question).length > 0
}

/** Once ambiguous, never failed (R17): also when there was nobody left to ask again. */
function final(question: Question, error: MessagingError): MessagingError {
  const site = [...question.tried].at(-1)
  if (!question.ambiguous || site === undefined) return error
  const { rpc, signal } = question
  const text = signal?.aborted ? 'the caller gave up' : error.message
  return new MessagingError('outcome-unknown', `request ${rpc.name} to ${site} may have run: ${text}`, {
    cause: error,
    site,
  })
}

function attempt(context: Context, question: Question, site: string): Promise<SendOutcome> {
  const { encoded, rpc, signal, until } = question
  const state = context.session(site).channel(rpc.spec)
  if (state.at !== 'open')
    return Promise.resolve({ outcome: 'unsent', error: new MessagingError('unavailable', reasons(context), { site }) })
  const leftMs = Math.max(1, Math.ceil(until - context.runtime.now()))
  question.attempts += 1
  const timeout = question.timed ? [TIMEOUT, String(leftMs)] : []
  const headers = [...question.headers, ...timeout, ...(question.attempts > 1 ? [AGAIN, '1'] : [])]
  question.id ??= context.nextRequestId(boundPublisher(context))
  const message: Outgoing = { id: question.id, path: encoded.path, body: encoded.body, headers, ttlMs: leftMs }
  return new Promise((resolve) => {
    const stop = (): void => ticket.cancel()
    const deadlines = deadlinesOf(context)
    const deadline = deadlines.add(until, stop)
    signal?.addEventListener('abort', stop, { once: true })
    const ticket: Ticket = state.sender.send(message, encoded.bytes, (outcome) => {
      deadlines.remove(deadline)
      signal?.removeEventListener('abort', stop)
      resolve(outcome)
    })
  })
}

/** Where the policy lets it go and nobody has refused it, the best first. */
function reachable(context: Context, question: Question): readonly string[] {
  const { rpc, encoded, tried, refusedBy } = question
  const { random } = context.runtime
  const avoid = avoiding(context, rpc, tried)
  const wanted = { op: 'request', channel: rpc.name, lane: encoded.lane, avoid, random } as const
  const { sites } = choose(context.policy(rpc.spec), wanted, context.picture())
  return sites.filter((site) => !refusedBy.has(site))
}

/** The best site whose channel is open, waiting for one within the caller's time. */
function readySite(context: Context, question: Question, last: MessagingError | undefined): Promise<string> {
  const { rpc, signal, until } = question
  const find = (): string | MessagingError | undefined => {
    const refused: MessagingError[] = []
    const sites = reachable(context, question)
    for (const site of sites) {
      const state = context.session(site).channel(rpc.spec)
      if (state.at === 'open') return site
      if (state.at === 'refused' && !state.error.retryable) refused.push(state.error)
    }
    if (sites.length === 0) return last ?? nowhere(context, rpc)
    return refused.length === sites.length ? refused[0] : undefined
  }
  const found = find()
  if (typeof found === 'string') return Promise.resolve(found)
  if (found !== undefined) return Promise.reject(found)
  const deadlines = deadlinesOf(context)
  return new Promise((resolve, reject) => {
    const end = (result: string | MessagingError): void => {
      for (const stop of stops) stop()
      deadlines.remove(deadline)
      signal?.removeEventListener('abort', abort)
      if (typeof result === 'string') resolve(result)
      else reject(result)
    }
    const abort = (): void => end(canceled(rpc))
    const look = (): void => {
      const now = find()
      if (now !== undefined) end(now)
    }
    const stops = [...context.sessions.values()].map((session) => session.onChange(look))
    const deadline = deadlines.add(until, () =>
      end(
        new MessagingError(
          'unavailable',
          `request ${rpc.name} reached nobody in time: ${last?.message ?? reasons(context)}`,
        ),
      ),
    )
    signal?.addEventListener('abort', abort, { once: true })
  })
}

function nowhere(context: Context, rpc: Question['rpc']): MessagingError {
  return new MessagingError('unavailable', `request ${rpc.name}: the route has no site for it: ${reasons(context)}`)
}

function canceled(rpc: Question['rpc']): MessagingError {
  return new MessagingError('canceled', `request ${rpc.name}: the caller gave up before it was sent`)
}
