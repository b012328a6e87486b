import { type Location, primary } from '@spanwire/core'
import { roll, Simulation } from '@spanwire/testkit/simulation'
import { Ledger, type Pause } from './ledger.js'
import { orders } from './orders.js'
import type { Service } from './services.js'

/** What a day came to. Empty lists: all is well. */
export interface Findings {
  readonly seed: number
  /** Numbers that were booked more than once. */
  readonly twice: readonly number[]
  /** Numbers that a site had acknowledged, and nobody booked. */
  readonly never: readonly number[]
  /** What went wrong meanwhile, a line each. */
  readonly faults: readonly string[]
}

const FRANKFURT: Location = { environment: 'on-prem', region: 'eu-central' }
const DUBLIN: Location = { environment: 'cloud', region: 'eu-west' }
const routes = [{ match: '>', policy: primary('frankfurt', 'dublin') }]
const SECOND_MS = 1_000
const ORDERS = 200

/** Three minutes of a shop with two instances of its order service, and with what the seed lets go wrong. */
export async function rehearse(seed: number, service: Service): Promise<Findings> {
  const simulation = new Simulation({ seed, sites: { frankfurt: FRANKFURT, dublin: DUBLIN } })
  const shop = simulation.machine('shop', { here: FRANKFURT, routes })
  const ledger = new Ledger()
  for (const name of ['desk', 'backup']) {
    const { client, host } = simulation.machine(name, { here: FRANKFURT, routes })
    const pause: Pause = (ms) => new Promise((resolve) => void host.runtime.after(ms, resolve))
    service(client, ledger, pause).ready.catch(() => {})
  }
  const faults = trouble(simulation)
  const acknowledged = new Set<number>()
  for (let number = 1; number <= ORDERS; number++) {
    simulation.after(number * SECOND_MS, () => {
      const sent = shop.client.send(orders, { number, amount: 100 }, { timeout: '20s' })
      sent.then(
        () => acknowledged.add(number),
        () => {
          // The shop asks its customer; nothing was promised.
        },
      )
    })
  }
  await simulation.run(ORDERS * SECOND_MS + 120 * SECOND_MS)
  const booked = ledger.bookings.map(({ number }) => number)
  const twice = booked.filter((number, at) => booked.indexOf(number) < at)
  const never = [...acknowledged].filter((number) => !booked.includes(number))
  return { seed, twice, never, faults }
}

/** Nothing that destroys what a site has stored: no service can mend that. */
function trouble(simulation: Simulation): string[] {
  const plan = roll(simulation.world.dice.fork('faults'), {
    sites: ['frankfurt', 'dublin'],
    machines: ['shop', 'desk', 'backup'],
    channels: ['orders'],
    fromMs: 5 * SECOND_MS,
    toMs: ORDERS * SECOND_MS,
    kinds: ['hang', 'cut', 'lost-ack', 'reset', 'slow', 'stall'],
  })
  for (const { atMs, fault } of plan) simulation.after(atMs, () => simulation.inflict(fault))
  return plan.map(({ atMs, fault }) => `${(atMs / SECOND_MS).toFixed(1)} s: ${JSON.stringify(fault)}`)
}
