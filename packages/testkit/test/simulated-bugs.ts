import { type Policy, primary } from '@spanwire/core'
import {
  type Channel,
  type Delivery,
  type Driver,
  MessagingError,
  type Outgoing,
  type SendOutcome,
} from '@spanwire/driver'
import type { Dice } from '../src/simulation/dice.js'
import type { FaultKind } from '../src/simulation/fault.js'
import type { Timed } from '../src/simulation/plan.js'
import type { Host } from '../src/simulation/world.js'
import { like, plantChannel, plantLink, plantReception } from './plant.js'

/** Stands between one machine's client and the sites; what it remembers is that client's. */
type Plant = () => (driver: Driver, site: string, host: Host) => Driver

export interface SimulatedBug {
  readonly what: string
  /** The invariants that it breaks. */
  readonly caughtBy: readonly string[]
  /** The kinds that bring it out, or a plan that does. */
  readonly faults?: readonly FaultKind[]
  readonly plan?: (dice: Dice) => readonly Timed[]
  readonly policy?: Policy
  /** It takes a topic's group to see it. */
  readonly hasGroup?: true
  readonly plant: Plant
}

/** What clients of several sites get wrong. */
export const bugs: readonly SimulatedBug[] = [
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
    what: 'tells nobody which numbers were refused',
    caughtBy: ['I2'],
    faults: ['refuse'],
    plant: () =>
      plantLink((link) => ({
        open: async (spec, signal) => {
          const channel = await link.open(spec, signal)
          if (!spec.name.startsWith('sw.marks.')) return channel
          return like(channel, { send: (batch, report) => channel.send(batch.map(withoutVoids), report) })
        },
      })),
  },
  {
    what: 'takes every site for attached',
    caughtBy: ['I2'],
    policy: primary('frankfurt', 'dublin'),
    plan: cutOffWhilePublishersReturn,
    plant: () => {
      const returns = new Map<string, (() => void)[]>()
      return (driver, site) => {
        // Whoever reads there hears nothing of the end of a link before there is another one.
        const patient = plantReception((reception) => ({
          beatMs: 3_600_000,
          next: async () => {
            const batch = await reception.next().catch(() => undefined)
            if (batch === undefined) await new Promise<void>((back) => returns.get(site)?.push(back))
            return batch
          },
        }))(driver)
        return like(driver, {
          connect: async (...args) => {
            const link = await patient.connect(...args)
            for (const back of returns.get(site) ?? []) back()
            returns.set(site, [])
            return link
          },
        })
      }
    },
  },
  {
    what: 'tells only the site where it publishes how far it came',
    caughtBy: ['I2'],
    policy: primary('dublin', 'frankfurt'),
    plan: cutOffFromHome,
    plant: () => {
      let home = ''
      return (driver, site) =>
        plantLink((link) => ({
          open: async (spec, signal) => {
            const channel = await link.open(spec, signal)
            return like(channel, {
              send: (batch, report) => {
                const isMark = spec.name.startsWith('sw.marks.')
                if (!isMark && spec.kind === 'topic') home = site
                if (!isMark || home === site) return channel.send(batch, report)
                for (const index of batch.keys()) report(index, DONE)
                return () => {}
              },
            })
          },
        }))(driver)
    },
  },
  {
    what: 'acknowledges over the next link what the last one gave it',
    caughtBy: ['I7'],
    faults: ['kill', 'reset'],
    plant: () => {
      let owed = 0
      return plantReception((reception) => ({
        next: async () => {
          const batch = await reception.next()
          const deliveries = batch?.deliveries.map((one) => {
            if (!one.held) return one
            if (owed > 0) {
              owed--
              void one.settle('ack').catch(() => {})
              return like(one, { held: true, settle: async () => {} })
            }
            return like(one, {
              settle: async (how) => {
                if (one.held) return one.settle(how)
                owed++
              },
            })
          })
          return batch && deliveries && { ...batch, deliveries }
        },
      }))
    },
  },
  {
    what: 'takes its own stall for the silence of others',
    caughtBy: ['I16'],
    faults: ['stall'],
    plant: () => (driver, _site, host) =>
      plantLink((link) => {
        let heardAt = host.runtime.now()
        const look = (): void => {
          if (host.runtime.now() - heardAt > 2_500) void link.close(AbortSignal.abort())
          else host.runtime.after(500, look)
        }
        look()
        return {
          probe: async (signal) => {
            await link.probe(signal)
            heardAt = host.runtime.now()
          },
          ended: link.ended.then((end) => (end.by === 'us' ? { by: 'engine', error: SILENT } : end)),
        }
      })(driver),
  },
  {
    what: 'calls what may have been taken refused',
    caughtBy: ['I17'],
    faults: ['lost-ack', 'kill'],
    plant: () =>
      plantChannel((channel) => ({
        send: (batch, report) =>
          channel.send(batch, (index, one) =>
            report(index, one.outcome === 'unknown' ? { outcome: 'refused', error: NO } : one),
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
          for (const index of batch.keys()) report(index, DONE)
          return channel.send(batch, () => {})
        },
      })),
  },
  {
    what: 'offers nobody else what a lost site had',
    caughtBy: ['I3'],
    policy: primary('frankfurt', 'dublin'),
    plan: cutOffWhileALogIsWiped,
    plant: () =>
      plantChannel((channel) => ({
        send: (batch, report) => {
          const isNew = batch.every((message) => !isAgain(message))
          if (isNew) return channel.send(batch, report)
          for (const index of batch.keys()) report(index, DONE)
          return () => {}
        },
      })),
  },
  {
    what: 'acknowledges a job when it takes it',
    caughtBy: ['I3', 'I7'],
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
  {
    what: 'takes what a group gave it for handled',
    caughtBy: ['I3'],
    faults: ['crash'],
    hasGroup: true,
    plant: () =>
      plantGroup((one) => {
        void one.settle('ack').catch(() => {})
        return like(one, { settle: async () => {} })
      }),
  },
  {
    what: 'never tells a group what it has handled',
    caughtBy: ['I1'],
    faults: ['crash'],
    hasGroup: true,
    plant: () => plantGroup((one) => like(one, { settle: async () => {} })),
  },
  {
    what: 'sends to every site, whatever its routes say',
    caughtBy: ['I9'],
    faults: ['reroute'],
    plant: () => {
      const opened = new Map<string, Channel>()
      return (driver, site) =>
        plantLink((link) => ({
          open: async (spec, signal) => {
            const channel = await link.open(spec, signal)
            if (spec.kind !== 'topic' || spec.name.startsWith('sw.')) return channel
            opened.set(`${site} ${spec.name}`, channel)
            return like(channel, {
              send: (batch, report) => {
                for (const [key, other] of opened)
                  if (key.endsWith(` ${spec.name}`) && other !== channel) other.send(batch, () => {})
                return channel.send(batch, report)
              },
            })
          },
        }))(driver)
    },
  },
]

/** Changes what members of a group are given. */
function plantGroup(change: (one: Delivery) => Delivery): (driver: Driver) => Driver {
  return plantLink((link) => ({
    open: async (spec, signal) => {
      const channel = await link.open(spec, signal)
      return like(channel, {
        receive: async (source, flow, signal) => {
          const reception = await channel.receive(source, flow, signal)
          if (source.group === undefined) return reception
          return like(reception, {
            next: async () => {
              const batch = await reception.next()
              return batch && { ...batch, deliveries: batch.deliveries.map(change) }
            },
          })
        },
      })
    },
  }))
}

const SILENT = new MessagingError('unavailable', 'nothing was heard for too long', { scope: 'link' })
const NO = new MessagingError('invalid', 'there was no answer, so it is taken for a no')
const DONE: SendOutcome = { outcome: 'done' }

/** Publishers leave a site for a while and go home again; meanwhile a reader cannot hear what they say at the other one. */
function cutOffWhilePublishersReturn(dice: Dice): Timed[] {
  const atMs = dice.between(12_000, 20_000)
  return [
    { atMs, fault: { what: 'kill', site: 'frankfurt', data: 'keep', forMs: dice.between(3_000, 8_000) } },
    { atMs: atMs + 25_000, fault: { what: 'cut', site: 'dublin', machine: 'desk', way: 'both', forMs: 75_000 } },
  ]
}

/** What a reader could not hear yet goes down with the site that has it. */
function cutOffWhileALogIsWiped(dice: Dice): Timed[] {
  const atMs = dice.between(12_000, 20_000)
  return [
    { atMs, fault: { what: 'cut', site: 'frankfurt', machine: 'desk', way: 'both', forMs: 10_000 } },
    { atMs: atMs + 8_000, fault: { what: 'kill', site: 'frankfurt', data: 'wipe', forMs: 40_000 } },
  ]
}

/** Publishers stay where they are, and a reader that is well connected elsewhere cannot hear them there. */
function cutOffFromHome(dice: Dice): Timed[] {
  const atMs = dice.between(12_000, 20_000)
  return [{ atMs, fault: { what: 'cut', site: 'dublin', machine: 'desk', way: 'both', forMs: 150_000 } }]
}

function isAgain(message: Outgoing): boolean {
  return message.headers?.includes('sw-again') ?? false
}

function parts(id: string | undefined): readonly [source: string, seq: number, rest: string] {
  const [source = '', seq = '', rest = ''] = (id ?? '').split('.')
  return [source, Number(seq), rest]
}

function withoutVoids(message: Outgoing): Outgoing {
  const { voids: _, ...rest } = JSON.parse(String(message.body)) as { voids?: unknown }
  return { ...message, body: JSON.stringify(rest) }
}
