import {
  all,
  json,
  nearest,
  type Policy,
  pinned,
  primary,
  type Queue,
  queue,
  type RouteOptions,
  type Rpc,
  rpc,
  type StandardSchema,
  type Topic,
  topic,
  weighted,
} from '@spanwire/core'
import type { Dice } from './dice.js'

/** What every simulated message says. */
export interface Body {
  readonly token: number
}

const Anything = json as StandardSchema<Body>

type PerSymbol<Name extends string> = Topic<`${Name}.{symbol}`, Body, Body>

/** One contract of each kind; what a play's machines talk about. */
export const quotes: PerSymbol<'quotes'> = topic('quotes.{symbol}', Anything, { delivery: 'durable' })
export const ticks: PerSymbol<'ticks'> = topic('ticks.{symbol}', Anything)
export const board: PerSymbol<'board'> = topic('board.{symbol}', Anything, { delivery: 'durable', latest: true })
/** What a group shares. */
export const trades: PerSymbol<'trades'> = topic('trades.{symbol}', Anything, { delivery: 'durable' })
export const orders: Queue<'orders', Body, Body> = queue('orders', Anything, {
  lease: '30s',
  retry: ['500ms', '2s'],
  maxDeliveries: 20,
})
export const price: Rpc<'price', Body, Body, Body, Body> = rpc('price', Anything, Anything, { idempotent: true })
export const book: Rpc<'book', Body, Body, Body, Body> = rpc('book', Anything, Anything)

export const SYMBOLS: readonly string[] = ['IBM', 'MSFT', 'BRK.B']

/** The policy that a run's topics follow. */
export function rollPolicy(dice: Dice, sites: readonly string[]): Policy {
  switch (dice.pick(['all', 'majority', 'primary', 'nearest', 'weighted', 'pinned'] as const)) {
    case 'all':
      return all()
    case 'majority':
      return all({ ack: 'majority' })
    case 'primary':
      return primary(...(sites as [string, ...string[]]))
    case 'nearest':
      return nearest()
    case 'weighted':
      return weighted(Object.fromEntries(sites.map((site) => [site, 1 + Math.floor(dice.next() * 9)])))
    case 'pinned':
      return pinned({ by: 'key' })
  }
}

/** Everything follows the policy but jobs, and what a group shares where that is everywhere, whose second site is for when the first is away. */
export function routesOf(policy: Policy, sites: readonly string[]): RouteOptions[] {
  return [
    { match: orders.name, policy: primary(...(sites as [string, ...string[]])) },
    // A group needs one home.
    ...(policy.by === 'all' ? [{ match: trades.name, policy: primary(...(sites as [string, ...string[]])) }] : []),
    { match: '>', policy },
  ]
}

/** Other routes for a while. Some lead to one site only. */
export function rollRoutes(dice: Dice, sites: readonly string[], mayLeaveOne: boolean): RouteOptions[] {
  const turned = dice.chance(0.5) ? sites : sites.toReversed()
  const policy = mayLeaveOne && dice.chance(0.5) ? primary(dice.pick(sites)) : rollPolicy(dice, turned)
  return routesOf(policy, turned)
}
