import {
  type Client,
  type Location,
  MessagingError,
  type Policy,
  type Sent,
  type SubscribeOptions,
  type Subscription,
} from '@spanwire/core'
import type { Fault } from '../../src/simulation/fault.js'
import { quotes } from '../../src/simulation/play.js'
import { type Machine, Simulation, type SimulationOptions } from '../../src/simulation/simulation.js'

export interface Heard {
  readonly token: number
  readonly site: string
  readonly seq: number | undefined
  readonly late: boolean
  readonly again: boolean
  readonly atMs: number
}

/** One who listens to quotes.IBM, and what became of it. */
export interface Listener {
  readonly heard: Heard[]
  /** As its client reports them. */
  readonly gaps: { readonly first: number; readonly last: number; readonly reason: string; readonly atMs: number }[]
  readonly closed: number[]
  readonly subscription: Subscription
}

/** How publishes ended, by token: `done`, or the code that one failed with. */
export type Endings = Map<number, string>

const HERE: Location = { environment: 'on-prem', region: 'here' }
const IBM = { params: { symbol: 'IBM' } }

/** A small stage for one schedule: sites a and b, machines by name, faults at exact times. */
export class Scene {
  readonly simulation: Simulation
  readonly #policy: Policy
  readonly #machines = new Map<string, Machine>()

  constructor(policy: Policy, options: Partial<SimulationOptions> = {}) {
    this.#policy = policy
    this.simulation = new Simulation({ seed: 1, sites: { a: HERE, b: HERE }, ...options })
  }

  get now(): number {
    return this.simulation.world.now
  }

  client(name: string): Client {
    return this.machine(name).client
  }

  machine(name: string): Machine {
    let machine = this.#machines.get(name)
    if (machine === undefined) {
      machine = this.simulation.machine(name, { here: HERE, routes: [{ match: '>', policy: this.#policy }] })
      this.#machines.set(name, machine)
    }
    return machine
  }

  /** Says tokens one after the other, `everyMs` apart, from now on; resolves when each has ended. */
  async say(
    name: string,
    tokens: readonly number[],
    how: { everyMs?: number; timeoutMs?: number } = {},
  ): Promise<Endings> {
    const { everyMs = 100, timeoutMs = 30_000 } = how
    const endings: Endings = new Map()
    await Promise.all(
      tokens.map(async (token, at) => {
        if (at > 0) await new Promise<void>((go) => this.simulation.after(at * everyMs, go))
        endings.set(token, await ending(this.publish(name, token, timeoutMs)))
      }),
    )
    return endings
  }

  publish(name: string, token: number, timeoutMs = 30_000): Promise<Sent> {
    return this.client(name).publish(quotes, { token }, { ...IBM, timeout: timeoutMs })
  }

  /** Listens from now on, and is attached when this resolves. */
  async listen(name: string, options: SubscribeOptions = {}): Promise<Listener> {
    const client = this.client(name)
    const subscription = client.subscribe(quotes, { symbol: 'IBM' }, options)
    const listener: Listener = { heard: [], gaps: [], closed: [], subscription }
    void this.#watch(client, listener)
    void (async () => {
      for await (const { value, site, seq, late, again } of subscription)
        listener.heard.push({ token: value.token, site, seq, late, again, atMs: this.now })
    })()
    await this.until(subscription.ready)
    return listener
  }

  async #watch(client: Client, { gaps, closed }: Listener): Promise<void> {
    for await (const event of client.watch()) {
      if (event.type === 'gap')
        gaps.push({ first: event.first, last: event.last, reason: event.reason, atMs: this.now })
      if (event.type === 'gap-closed') closed.push(event.seq)
    }
  }

  /** Lets time pass until it has settled; at most a minute. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let open = true
    const settled = promise.finally(() => {
      open = false
    })
    settled.catch(() => {})
    for (let ms = 0; open && ms < 60_000; ms += 100) await this.simulation.run(100)
    if (open) throw new Error('it has not settled within a minute')
    return settled
  }

  inflict(fault: Fault): void {
    this.simulation.inflict(fault)
  }

  run(ms: number): Promise<void> {
    return this.simulation.run(ms)
  }
}

/** `done`, or the code that it failed with. */
export function ending(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: unknown) => (MessagingError.is(error) ? error.code : String(error)),
  )
}

export function tokens(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}
