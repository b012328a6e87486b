import { MessagingError } from '@spanwire/driver'
import { choose } from '../route/choose.js'
import { avoiding } from './able.js'
import { type Context, reasons } from './context.js'
import { deadlinesOf } from './deadlines.js'
import { canceled, type Question } from './question.js'
import { RAMP_STEP_MS, shareAfter } from './ramp.js'

/** Where the policy lets it go and nobody has refused it, the best first. */
export function reachable(context: Context, question: Question): readonly string[] {
  const { rpc, encoded, tried, refusedBy } = question
  const { random } = context.runtime
  const avoid = avoiding(context, rpc, returning(context, tried))
  const wanted = { op: 'request', channel: rpc.name, lane: encoded.lane, avoid, random } as const
  const { sites } = choose(context.policy(rpc.spec), wanted, context.picture())
  return sites.filter((site) => !refusedBy.has(site))
}

/** With sites that are trusted again since a moment ago, unless it is their turn: they get their requests back bit by bit. */
function returning({ runtime, sessions }: Context, tried: ReadonlySet<string>): ReadonlySet<string> {
  const now = runtime.now()
  const notYet = [...sessions.values()].filter(({ state }) => {
    const share = 'trustedAt' in state ? shareAfter(Math.floor((now - state.trustedAt) / RAMP_STEP_MS)) : undefined
    return share !== undefined && runtime.random() >= share
  })
  return notYet.length > 0 ? new Set([...tried, ...notYet.map(({ site }) => site)]) : tried
}

/** The best site whose channel is open, waiting for one within the caller's time. */
export function readySite(context: Context, question: Question, last: MessagingError | undefined): Promise<string> {
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
      else for (const session of context.sessions.values()) session.awaited()
    }
    const stops = [...context.sessions.values()].map((session) => session.onChange(look, rpc.spec.name))
    const deadline = deadlines.add(until, () =>
      end(
        new MessagingError(
          'unavailable',
          `request ${rpc.name} reached nobody in time: ${last?.message ?? reasons(context)}`,
        ),
      ),
    )
    signal?.addEventListener('abort', abort, { once: true })
    look()
  })
}

function nowhere(context: Context, rpc: Question['rpc']): MessagingError {
  return new MessagingError('unavailable', `request ${rpc.name}: the route has no site for it: ${reasons(context)}`)
}
