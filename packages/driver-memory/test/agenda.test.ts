import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Agenda, type Item } from '../src/agenda.js'
import { VirtualClock } from './virtual-clock.js'

describe('the agenda', () => {
  it('fires what is due, in order of time, whatever was moved or taken out before', async () => {
    const change = fc.record({ item: fc.nat({ max: 19 }), due: fc.option(fc.nat({ max: 100 }), { nil: undefined }) })
    await fc.assert(
      fc.asyncProperty(fc.array(change), fc.nat({ max: 100 }), async (changes, until) => {
        const clock = new VirtualClock()
        const fired: number[] = []
        const agenda: Agenda = new Agenda(clock, () => agenda.run())
        const items = Array.from({ length: 20 }, (_, id): Item => ({ due: 0, slot: -1, fire: () => fired.push(id) }))
        const model = new Map<number, number>()
        for (const { item, due } of changes) {
          const chosen = items[item]
          if (chosen === undefined) continue
          if (due === undefined) {
            agenda.remove(chosen)
            model.delete(item)
          } else {
            agenda.set(chosen, due)
            model.set(item, due)
          }
        }
        await clock.advance(until)
        const due = [...model].filter(([, at]) => at <= until)
        expect(new Set(fired)).toEqual(new Set(due.map(([id]) => id)))
        expect(fired.length).toBe(due.length)
        const times = fired.map((id) => model.get(id) ?? -1)
        expect(times).toEqual(times.toSorted((a, b) => a - b))
        expect(agenda.size).toBe(model.size - due.length)
        expect(clock.pending).toBeLessThanOrEqual(1)
      }),
    )
  })
})
