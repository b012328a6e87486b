import fc from 'fast-check'
import type { Arrived } from '../../src/arrival/arrival.js'
import { START } from './rig.js'

/** What can happen to a subscription, `after` so many ms. */
export type Op = { readonly after: number } & (
  | { readonly op: 'take'; readonly source: string; readonly seq: number; readonly again: boolean }
  | { readonly op: 'refused'; readonly source: string; readonly seq: number; readonly more: number }
  | { readonly op: 'mark'; readonly source: string; readonly seq: number }
  | { readonly op: 'tick'; readonly allAttached: boolean }
  | { readonly op: 'stalled'; readonly byMs: number }
)

/** q's clock is an hour slow; p and r published before the start, too. */
const AHEAD_MS: Readonly<Record<string, number>> = { p: 9_500, q: 3_600_000, r: 500 }

export function stampOf(source: string, seq: number): number {
  return START + seq * 1_000 - (AHEAD_MS[source] ?? 0)
}

export function copyOf({ source, seq, again }: Extract<Op, { op: 'take' }>): Arrived<string> {
  return { source, seq, timeMs: stampOf(source, seq), again, site: 'a', bytes: 1, message: `${source}:${seq}` }
}

const source = fc.constantFrom(...Object.keys(AHEAD_MS))
const after = fc.integer({ min: 1, max: 900 })
const seq = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 300 }) },
)
const of = <Name extends Op['op']>(op: Name) => ({ op: fc.constant(op), after })
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ ...of('take'), source, seq, again: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ ...of('refused'), source, seq, more: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ ...of('mark'), source, seq }) },
  {
    weight: 3,
    arbitrary: fc.record({ ...of('tick'), after: fc.integer({ min: 1, max: 4_000 }), allAttached: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ ...of('stalled'), byMs: fc.integer({ min: 201, max: 3_000 }) }) },
)

/** Whatever can arrive, in whatever order: lost, doubled, reordered, refused, marked, with stalls and ticks in between. */
export const schedule: fc.Arbitrary<Op[]> = fc.array(op, { maxLength: 250, size: 'max' })
