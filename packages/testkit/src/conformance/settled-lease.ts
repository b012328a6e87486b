import type { Delivery } from '@spanwire/driver'
import { expect } from 'vitest'
import { strangers } from './messages.js'
import { claimed, type Property } from './property.js'
import type { Trial } from './trial.js'
import { elapse, observe } from './wait.js'

const DEFAULT_LEASE_MS = 500
/** So often it is tried, each time with a longer lease, when this process stood still for so long that a lease may end. */
const ROUNDS = 5

/** Q: leases that run out, or are extended. */
export const leaseProperties: readonly Property[] = [
  {
    id: 'Q4',
    part: 'lease',
    title: 'without settle the lease moves a delivery to another consumer',
    shares: true,
    async run(trial) {
      const { first, second, stopped } = await leaseRunsOut(trial, leaseOf(trial), () => Promise.resolve())
      // Whose lease was over before it stopped may have got it once more itself.
      const given = stopped === 'in time' ? first.texts : [...new Set(first.texts)]
      expect([...given].sort()).toEqual(['m0', 'm1'])
      expect([...second.texts].sort()).toEqual(['m0', 'm1'])
    },
  },
  {
    id: 'Q4',
    part: 'extend',
    title: 'with extend the lease does not move a delivery to another consumer',
    shares: true,
    async run(trial) {
      claimed((await trial.open(trial.spec('queue'))).can.extends, 'can.extends is false')
      for (let round = 1; ; round++) {
        const gaps = new Gaps()
        const leaseMs = round * leaseOf(trial)
        try {
          return await extended(trial, leaseMs, gaps)
        } catch (error) {
          // Extended too late it ends for good reason, and proves nothing.
          if (gaps.longestMs < leaseMs / 2 || round === ROUNDS) throw error
        }
      }
    },
  },
  {
    id: 'Q5',
    part: 'lease',
    title: 'held is false after the lease, and then settle never succeeds',
    shares: true,
    async run(trial) {
      const { first, second } = await leaseRunsOut(trial, leaseOf(trial), () => Promise.resolve())
      await second.settled()
      for (const delivery of first.deliveries) {
        expect(delivery.held).toBe(false)
        await trial.refusal('settle after the lease', delivery.settle('ack'), ['conflict'])
        await trial.refusal('extend after the lease', delivery.extend(), ['conflict', 'capability'])
      }
    },
  },
]

/** The second of two is extended four times a lease; the other consumer gets the first alone. */
async function extended(trial: Trial, leaseMs: number, gaps: Gaps): Promise<void> {
  // The lease runs from the delivery, which is before the first extension.
  gaps.mark()
  const { first, second } = await leaseRunsOut(trial, leaseMs, async (deliveries) => {
    gaps.mark()
    await deliveries[1]?.extend()
    gaps.mark()
  })
  expect(second.texts).toEqual(['m0'])
  await first.deliveries[1]?.settle('ack')
}

function leaseOf({ rig }: Trial): number {
  return rig.leaseMs ?? DEFAULT_LEASE_MS
}

/** How long it took from mark to mark at most. */
class Gaps {
  #longestMs = 0
  #lastMs: number | undefined

  mark(): void {
    this.#longestMs = this.longestMs
    this.#lastMs = performance.now()
  }

  /** The time since the last mark counts as well. */
  get longestMs(): number {
    const lastMs = this.#lastMs
    return lastMs === undefined ? 0 : Math.max(this.#longestMs, performance.now() - lastMs)
  }
}

/** One consumer takes two and leaves them lying, but for `meanwhile`; a second one comes and takes what it is given. */
async function leaseRunsOut(
  trial: Trial,
  leaseMs: number,
  meanwhile: (deliveries: readonly Delivery[]) => Promise<void>,
) {
  const { here, there } = await trial.pair(trial.spec('queue', { leaseMs }))
  const first = await trial.listen(there, { each: () => undefined })
  const sinceMs = performance.now()
  await trial.put(here, strangers(2))
  const deliveries = await first.until(({ texts }) => new Set(texts).size === 2)
  // Stopping, so that what comes back does not come back to this one.
  const stopping = observe(first.reception.stop(trial.signal(leaseMs * 20)))
  const stopped = performance.now() - sinceMs < leaseMs ? 'in time' : 'late'
  const second = await trial.listen(here)
  for (let quarter = 0; quarter < 8; quarter++) {
    await meanwhile(deliveries)
    await elapse(leaseMs / 4)
  }
  await second.until((reader) => reader.texts.includes('m0'))
  if (deliveries[1]?.held === false) await second.until(2)
  return { first, second, stopping, stopped }
}
