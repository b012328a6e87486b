import type { Contract } from '../contract/contract.js'
import { laneOf } from '../contract/lane.js'
import { patternOf } from '../contract/template.js'
import { type Explanation, explain as explainChoice } from '../route/explain.js'
import { avoiding, channelAt } from './able.js'
import type { BareClient, Client } from './api.js'
import { type Context, channelOf, contextOf } from './context.js'
import { troubleOf } from './trouble.js'

/** Which sites an operation would use now, and why the others not: the same choice as the verb makes, with its reasons. */
export function explain(
  client: BareClient,
  op: Parameters<Client['explain']>[0],
  contract: Contract,
  at: NonNullable<Parameters<Client['explain']>[2]> = {},
): Explanation {
  const context = contextOf(client)
  const path = patternOf(contract, at.params ?? {})
  const lane = laneOf(path, at.key)
  const fits = (site: string): string | undefined => {
    const state = channelAt(context, contract, site)
    return state.at === 'refused' ? state.error.message : undefined
  }
  const avoid = avoiding(context, contract, undefined)
  const ask = { op, channel: contract.name, lane, fits, avoid, random: context.runtime.random }
  const { trace, ...explanation } = explainChoice(context.policy(contract.spec), ask, context.picture())
  return { ...explanation, channel: channelOf(contract, path), trace: [...trace, ...troubles(context, contract)] }
}

/** Since when and why a site is not what it should be, in all and for this contract. */
function troubles(context: Context, { spec }: Contract): readonly string[] {
  const { runtime, sessions } = context
  const slow = context.slow?.()
  return [...sessions.values()].flatMap((session) => {
    const trouble = troubleOf(session, runtime.now()) ?? slow?.get(session.site)
    const illness = session.illness(spec)
    return [
      ...(trouble === undefined ? [] : [`${session.site} ${trouble}.`]),
      ...(illness === undefined ? [] : [`${session.site} takes no sends for it: ${illness.message}`]),
    ]
  })
}
