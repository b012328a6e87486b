import type { SendOutcome } from '@spanwire/driver'
import { toMs } from '../runtime/duration.js'
import { type Attempt, attempt } from './attempt.js'
import type { Context } from './context.js'
import { deadlinesOf } from './deadlines.js'
import type { Question } from './question.js'
import { reachable } from './ready-site.js'
import { budgetOf } from './retry-budget.js'

/** Answers of a contract that are remembered, and how many it takes to know what is usual. */
const REMEMBERED = 100
const ENOUGH = 20
const LEAST_MS = 10
const MOST_MS = 1_000

/** How one of two attempts ended, and where. */
interface End {
  readonly site: string
  readonly outcome: SendOutcome
}

/**
 * Asks a site, and another one as well when the answer takes longer than usual, within the budget. The first answer counts, and the
 * other attempt is given up; without an answer the outcome that says most.
 */
export async function hedged(context: Context, question: Question, site: string): Promise<End> {
  const began = context.runtime.now()
  const first = attempt(context, question, site)
  const end = (await isLate(context, question, first)) ? await asWell(context, question, first) : await ended(first)
  if (end.outcome.outcome === 'done') remember(context, question, context.runtime.now() - began)
  return end
}

/** False: it ended before. */
function isLate(context: Context, question: Question, { outcome }: Attempt): Promise<boolean> {
  const deadlines = deadlinesOf(context)
  return new Promise((resolve) => {
    const late = deadlines.add(context.runtime.now() + patienceMs(context, question), () => resolve(true))
    void outcome.then(() => {
      deadlines.remove(late)
      resolve(false)
    })
  })
}

async function asWell(context: Context, question: Question, first: Attempt): Promise<End> {
  const { runtime } = context
  const isOpen = (site: string) => context.session(site).channel(question.rpc.spec).at === 'open'
  const site = reachable(context, question).find((one) => one !== first.site && isOpen(one))
  if (site === undefined || !budgetOf(context, site).spend(runtime.now())) return ended(first)
  question.tried.add(site)
  const second = attempt(context, question, site)
  const early = await Promise.race([ended(first), ended(second)])
  const other = early.site === first.site ? second : first
  if (early.outcome.outcome === 'done') {
    other.cancel()
    return early
  }
  const late = await ended(other)
  return late.outcome.outcome === 'done' || late.outcome.outcome === 'unknown' ? late : early
}

async function ended({ outcome, site }: Attempt): Promise<End> {
  return { site, outcome: await outcome }
}

function patienceMs({ answered }: Context, { hedge, rpc }: Question): number {
  if (hedge !== undefined && hedge !== 'p95') return toMs(hedge, 'hedge')
  const known = [...(answered.get(rpc.name) ?? [])].sort((a, b) => a - b)
  const usual = known.length < ENOUGH ? MOST_MS : (known[Math.floor(known.length * 0.95)] ?? MOST_MS)
  return Math.min(MOST_MS, Math.max(LEAST_MS, usual))
}

function remember({ answered }: Context, { rpc }: Question, ms: number): void {
  const known = answered.get(rpc.name) ?? []
  if (known.length >= REMEMBERED) known.shift()
  known.push(ms)
  answered.set(rpc.name, known)
}
