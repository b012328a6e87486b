import type { Facility } from './harness.js'
import type { Trial } from './trial.js'

type Upto4 = 1 | 2 | 3 | 4
type Upto9 = Upto4 | 5 | 6 | 7 | 8 | 9

/** The sixty properties by their names. */
export type PropertyId =
  | `C${Upto4}`
  | `O${Upto4}`
  | `S${Upto9 | 10 | 11 | 12}`
  | `R${Upto9 | 10 | 11 | 12 | 13 | 14 | 15 | 16}`
  | `Q${Upto9}`
  | `P${Upto4}`
  | `H${Upto4}`
  | `E${Upto4 | 5}`
  | `X${1 | 2}`

/** One thing that a driver has to keep, as a function that rejects when it does not. */
export interface Property {
  readonly id: PropertyId
  /** Which part, where one property is shown in several ways. */
  readonly part?: string
  readonly title: string
  readonly needs?: readonly Facility[]
  /** It leaves link and engine as they were: it may run beside others over one link. */
  readonly shares?: true
  /** Bound on the whole property, in ms; absent: 30,000. */
  readonly limitMs?: number
  run(trial: Trial): Promise<void>
}

/** `S1` or `S1/queue`: how skips and reports call it. */
export function nameOf(property: Property): string {
  return property.part === undefined ? property.id : `${property.id}/${property.part}`
}

/** `S1 exactly one report per message (queue)`. */
export function titleOf(property: Property): string {
  return `${property.id} ${property.title}${property.part === undefined ? '' : ` (${property.part})`}`
}

/** Thrown by a property that the engine, by what `channel.can` says, does not have to keep. */
export class Inapplicable extends Error {
  override readonly name: string = 'Inapplicable'
}

/** Goes on only if the engine claims the ability; the reason says where it does not. */
export function claimed(claim: boolean, reason: string): asserts claim {
  if (!claim) throw new Inapplicable(reason)
}
