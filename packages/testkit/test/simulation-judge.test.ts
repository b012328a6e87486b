import type { Delivery, Driver, Outgoing } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import type { FaultKind } from '../src/simulation/fault.js'
import { rehearse } from '../src/simulation/rehearse.js'
import { like, plantChannel, plantReception } from './plant.js'

/** Between a client and the network; what it remembers is one client's. */
type Plant = () => (driver: Driver) => Driver

interface Bug {
  readonly what: string
  readonly caughtBy: readonly string[]
  /** The kinds that bring it out. */
  readonly faults: readonly FaultKind[]
  readonly plant: Plant
}

const SEEDS = 200

function isAgain(message: Outgoing): boolean {
  return message.headers?.includes('sw-again') ?? false
}

function parts(id: string | undefined): readonly [source: string, seq: number, rest: string] {
  const [source = '', seq = '', rest = ''] = (id ?? '').split('.')
  return [source, Number(seq), rest]
}

const bugs: readonly Bug[] = [
  {
    what: 'drops what is below the highest number of its source',
    caughtBy: ['I2', 'I3'],
    faults: ['kill', 'lost-ack', 'cut'],
    plant: () => {
      const highest = new Map<string, number>()
      const isNew = ({ id }: Delivery): boolean => {
        const [source, seq] = parts(id)
        const high = highest.get(source) ?? 0
        highest.set(source, Math.max(high, seq))
        return id === undefined || seq > high
      }
      return plantReception((reception) => ({
        next: async () => {
          const batch = await reception.next()
          return batch && { ...batch, deliveries: batch.deliveries.filter(isNew) }
        },
      }))
    },
  },
  {
    what: 'gives what it offers again a new number',
    caughtBy: ['I1'],
    faults: ['kill', 'lost-ack'],
    plant: () =>
      plantChannel((channel) => ({
        send: (batch, report) =>
          channel.send(
            batch.map((message) => {
              if (message.id === undefined || !isAgain(message)) return message
              const [source, seq, rest] = parts(message.id)
              return { ...message, id: `${source}.${seq + 100_000}.${rest}` }
            }),
            report,
          ),
      })),
  },
  {
    what: 'calls what may have been taken refused',
    caughtBy: ['I17'],
    faults: ['lost-ack', 'kill'],
    plant: () =>
      plantChannel((channel) => ({
        send: (batch, report) =>
          channel.send(batch, (index, one) =>
            report(index, one.outcome === 'unknown' ? { outcome: 'refused', error: one.error } : one),
          ),
      })),
  },
  {
    what: 'says done before the engine has it',
    caughtBy: ['I3'],
    faults: ['kill', 'swallow'],
    plant: () =>
      plantChannel((channel) => ({
        send: (batch, report) => {
          for (const index of batch.keys()) report(index, { outcome: 'done' })
          return channel.send(batch, () => {})
        },
      })),
  },
  {
    what: 'acknowledges a job when it takes it',
    caughtBy: ['I3'],
    faults: ['reset'],
    plant: () =>
      plantReception((reception) => ({
        next: async () => {
          const batch = await reception.next()
          const deliveries = batch?.deliveries.map((one) => {
            if (one.held) void one.settle('ack').catch(() => {})
            return like(one, { held: true, settle: async () => {} })
          })
          return batch && deliveries && { ...batch, deliveries }
        },
      })),
  },
]

describe('the judge', () => {
  it.each(bugs)(
    'finds a client that $what',
    async ({ caughtBy, faults, plant }) => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const machines = new Map<string, (driver: Driver) => Driver>()
        const { violations } = await rehearse({
          seed,
          forMs: 180_000,
          faults,
          tamper: (driver, machine) => {
            const planted = machines.get(machine) ?? plant()
            machines.set(machine, planted)
            return planted(driver)
          },
        })
        const found = violations.map(({ invariant }) => invariant)
        if (found.some((one) => caughtBy.includes(one))) return
      }
      expect.unreachable(`no seed up to ${SEEDS} shows it`)
    },
    120_000,
  )
})
