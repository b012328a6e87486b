import { MessagingError, type Reply, type SendOutcome } from '@spanwire/driver'
import { backoffMs } from '../session/backoff.js'
import { attempt } from './attempt.js'
import type { Context } from './context.js'
import { deadlinesOf } from './deadlines.js'
import { hedged } from './hedge.js'
import { final, type Question } from './question.js'
import { reachable, readySite } from './ready-site.js'
import { budgetOf } from './retry-budget.js'

/** Sends of one request, in all: only an idempotent one is sent again after an unknown outcome. */
const MAX_ATTEMPTS = 3

/** Asks site after site until one answers, refuses for good, or the time is up. */
export async function ask(context: Context, question: Question): Promise<Reply> {
  let last: MessagingError | undefined
  for (;;) {
    const chosen = await readySite(context, question, last).catch((error: MessagingError) => {
      throw final(question, error)
    })
    if (question.again && !budgetOf(context, chosen).spend(context.runtime.now()))
      throw final(question, spent(chosen, last))
    const { site, outcome } = await one(context, question, chosen)
    if (outcome.outcome === 'done') {
      budgetOf(context, site).earn()
      if (outcome.reply !== undefined) return outcome.reply
      throw new MessagingError('decode', `request ${question.rpc.name}: ${site} reported success without a reply`, {
        site,
      })
    }
    last = outcome.error
    note(question, site, outcome)
    if (!mayRetry(context, question, outcome)) {
      const isLate = context.runtime.now() >= question.until
      throw final(question, last, isLate ? 'no answer came in time' : last.message)
    }
    if (!(await pause(context, question, last))) throw final(question, last)
  }
}

async function one(
  context: Context,
  question: Question,
  site: string,
): Promise<{ site: string; outcome: SendOutcome }> {
  if (question.hedge !== undefined) return hedged(context, question, site)
  return { site, outcome: await attempt(context, question, site).outcome }
}

function note(question: Question, site: string, outcome: SendOutcome): void {
  if (outcome.outcome === 'done') return
  const isBusy = outcome.error.code === 'overloaded'
  // His load is not thrown at the next one.
  if (!isBusy) question.tried.add(site)
  if (outcome.outcome === 'unknown') question.ambiguous = true
  // Who was there and did nothing costs nobody anything; what a link or a channel carried that ended is no more than its site had to do.
  const isCut = outcome.error.scope !== 'message' && question.attempts === 1
  question.again = isBusy || (outcome.outcome === 'unknown' && !isCut)
  if (outcome.outcome === 'refused' && !isBusy) question.refusedBy.add(site)
}

function mayRetry(context: Context, question: Question, outcome: SendOutcome): boolean {
  if (question.signal?.aborted || context.runtime.now() >= question.until) return false
  if (question.attempts >= MAX_ATTEMPTS) return false
  if (outcome.outcome === 'unknown') return question.rpc.idempotent
  if (outcome.outcome === 'refused' && outcome.error.scope === 'message' && !isElsewhere(outcome.error)) return false
  return (question.rpc.idempotent || !question.ambiguous) && reachable(context, question).length > 0
}

/** It says nothing about the message: another site, or a later moment, may do. */
function isElsewhere({ code }: MessagingError): boolean {
  return code === 'not-found' || code === 'overloaded'
}

/** Who has too much to do is given the time that it asks for. False: there is not so much left, or the caller gave up. */
function pause(context: Context, question: Question, error: MessagingError): Promise<boolean> {
  const { runtime } = context
  if (error.code !== 'overloaded') return Promise.resolve(true)
  const until = runtime.now() + backoffMs(question.attempts, runtime.random(), error.retryAfterMs)
  if (until >= question.until) return Promise.resolve(false)
  const { signal } = question
  return new Promise((resolve) => {
    const deadlines = deadlinesOf(context)
    const end = (): void => {
      deadlines.remove(deadline)
      signal?.removeEventListener('abort', end)
      resolve(!signal?.aborted)
    }
    const deadline = deadlines.add(until, end)
    signal?.addEventListener('abort', end)
  })
}

function spent(site: string, last: MessagingError | undefined): MessagingError {
  const text = `${last?.message ?? ''} It is not asked again: a fifth of what ${site} gets are such tries already.`
  return new MessagingError(last?.code ?? 'unavailable', text, { site, cause: last })
}
