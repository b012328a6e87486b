import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Arrival, type ArrivalOptions } from '../../src/arrival/arrival.js'
import { Model } from './model.js'
import { copyOf, type Op, schedule, stampOf } from './ops.js'
import { START, span, words } from './rig.js'

const options: fc.Arbitrary<ArrivalOptions> = fc.record({
  order: fc.constantFrom('strict', 'arrival', 'newest'),
  live: fc.boolean(),
  startWallMs: fc.constant(START),
  fromNow: fc.boolean(),
  gaps: fc.boolean(),
  limits: fc.record({ heldMessages: fc.constantFrom(4, 1_000) }),
})

/** Has the part of an Arrival that the model has, and says the same texts. */
class Real {
  readonly #arrival: Arrival<string>
  readonly #log: string[] = []

  constructor(settings: ArrivalOptions) {
    this.#arrival = new Arrival(settings, {
      give: (message, flags) => this.#log.push(message + words(flags)),
      gap: (gap) => this.#log.push(...span(gap.first, gap.last).map((n) => `gap ${gap.source}:${n} ${gap.reason}`)),
      closed: (at) => this.#log.push(`closed ${at.source}:${at.seq}`),
    })
  }

  play(op: Op, nowMs: number): string[] {
    const arrival = this.#arrival
    if (op.op === 'take') arrival.take(copyOf(op), nowMs)
    else if (op.op === 'refused') arrival.refused(op.source, op.seq, op.seq + op.more, nowMs)
    else if (op.op === 'mark') arrival.mark(op.source, op.seq, stampOf(op.source, op.seq), nowMs)
    else if (op.op === 'tick') arrival.tick(nowMs, op.allAttached)
    else arrival.stalled(op.byMs)
    return this.#log.splice(0)
  }
}

/** Nothing is promised across sources, nor about the order of reports. */
function bySource(log: readonly string[]): unknown {
  const given = ['p', 'q', 'r'].map((name) =>
    log.filter((line) => line.includes(`${name}:`) && !line.startsWith('gap')),
  )
  return { given, gaps: log.filter((line) => line.startsWith('gap')).sort() }
}

it('says what the model of R26-R36 says, whatever arrives', () => {
  fc.assert(
    fc.property(options, schedule, (settings, ops) => {
      const real = new Real(settings)
      const model = new Model(settings)
      let nowMs = 0
      for (const op of ops) {
        // Monotonic time goes on while we stand still.
        nowMs += op.after + (op.op === 'stalled' ? op.byMs : 0)
        expect(bySource(real.play(op, nowMs))).toEqual(bySource(model.play(op, nowMs)))
      }
    }),
    { numRuns: 200 },
  )
})
