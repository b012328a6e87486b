import type { Contract } from '../contract/contract.js'
import { laneOf } from '../contract/lane.js'
import { patternOf } from '../contract/template.js'
import { type Explanation, explain as explainChoice } from '../route/explain.js'
import { avoiding, channelAt } from './able.js'
import type { BareClient, Client } from './api.js'
import { channelOf, contextOf } from './context.js'

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
  return { ...explainChoice(context.policy(contract.spec), ask, context.picture()), channel: channelOf(contract, path) }
}
