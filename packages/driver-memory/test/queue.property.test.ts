import type { Delivery, Link, Reception } from '@spanwire/driver'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ABORTED, attach, FLOW, NEVER, type Rig, rig, sendOpen } from './rig.js'
import { settled } from './virtual-clock.js'

/** One thing that happens to a queue. Numbers choose among what is there. */
type Step =
  | { readonly do: 'send'; readonly count: number; readonly key: number; readonly delayMs: number }
  | { readonly do: 'attach'; readonly flow: number }
  | { readonly do: 'pull' | 'ack' | 'extend' | 'stop' | 'abandon' | 'close'; readonly which: number }
  | { readonly do: 'retry'; readonly which: number; readonly retryMs: number }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'kill' | 'hang' | 'heal' }

const small = fc.nat({ max: 50 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('send'),
      count: fc.integer({ min: 1, max: 5 }),
      key: fc.nat({ max: 3 }),
      delayMs: fc.constantFrom(0, 0, 0, 300),
    } as const),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('attach'), flow: fc.integer({ min: 1, max: 5 }) } as const) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('pull', 'ack', 'ack', 'extend', 'stop', 'abandon', 'close'),
      which: small,
    } as const),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('retry'), which: small, retryMs: fc.constantFrom(0, 100, 700) } as const),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass'), ms: fc.constantFrom(1, 200, 600, 1_100) } as const) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('kill', 'hang', 'heal') } as const) },
)

const SPEC = { name: 'jobs', params: 0, kind: 'queue', leaseMs: 1_000 } as const

interface Consumer {
  readonly link: Link
  readonly reception: Reception
}

/** The queue as its users see it, with everything that must hold checked on the way. */
class World {
  readonly #rig: Rig
  readonly #sent: Map<string, number> = new Map()
  readonly #accepted: Set<string> = new Set()
  readonly #acked: Map<string, number> = new Map()
  readonly #unclear: Set<string> = new Set()
  readonly #deliveries: Delivery[] = []
  readonly #attempts: Map<string, number> = new Map()
  readonly #consumers: Consumer[] = []
  readonly #pending: Promise<unknown>[] = []
  #next = 0

  constructor(on: Rig) {
    this.#rig = on
  }

  async act(step: Step): Promise<void> {
    switch (step.do) {
      case 'send':
        return this.#send(step.count, step.key, step.delayMs)
      case 'attach':
        return this.#attach(step.flow)
      case 'pull':
        return this.#pull(choose(this.#consumers, step.which))
      case 'ack':
        return this.#settle(choose(this.#deliveries, step.which), 'ack')
      case 'retry':
        return this.#settle(choose(this.#deliveries, step.which), { retryMs: step.retryMs })
      case 'extend':
        this.#pending.push(Promise.resolve(choose(this.#deliveries, step.which)?.extend()).catch(() => undefined))
        return
      case 'stop':
        this.#pending.push(Promise.resolve(choose(this.#consumers, step.which)?.reception.stop(NEVER)))
        return
      case 'abandon':
        await choose(this.#consumers, step.which)?.reception.stop(ABORTED)
        return
      case 'close':
        await choose(this.#consumers, step.which)?.link.close(ABORTED)
        return
      case 'pass':
        return this.#rig.clock.advance(step.ms)
      case 'kill':
        this.#rig.engine.restart({ data: 'keep' })
        return
      case 'hang':
        return this.#rig.engine.hang()
      case 'heal':
        return this.#rig.engine.heal()
      default:
        return step satisfies never
    }
  }

  check(): void {
    const held = this.#deliveries.filter((one) => one.held).map((one) => String(one.body))
    expect(new Set(held).size).toBe(held.length)
    const keys = held.map((body) => this.#sent.get(body)).filter((key) => key !== 0)
    expect(new Set(keys).size).toBe(keys.length)
    for (const [body, count] of this.#acked) expect(`${body} ${count}`).toBe(`${body} 1`)
  }

  /** Everything heals, everybody leaves, one consumer takes what is left. */
  async finish(): Promise<void> {
    this.#rig.engine.heal()
    await settled()
    for (const { link } of this.#consumers) await link.close(ABORTED)
    await this.#rig.clock.advance(2_000)
    await this.#attach(1_000)
    const last = this.#consumers.at(-1)
    for (let round = 0; round < 40 && this.#rig.engine.depths()[0]?.messages !== 0; round++) {
      await this.#pull(last)
      for (const delivery of this.#deliveries) if (delivery.held) await this.#settle(delivery, 'ack')
      this.check()
    }
    await Promise.all(this.#pending)
    this.check()
    for (const body of this.#accepted) {
      const count = (this.#acked.get(body) ?? 0) + (this.#unclear.has(body) ? 1 : 0)
      expect(`${body} acknowledged ${count > 0}`).toBe(`${body} acknowledged true`)
    }
    await last?.link.close(NEVER)
    expect(this.#rig.engine.depths()[0]).toMatchObject({ messages: 0, taken: 0, delayed: 0, receptions: 0 })
    expect(this.#rig.engine.counts()).toMatchObject({ links: 0, receptions: 0, due: 0 })
  }

  async #send(count: number, key: number, delayMs: number): Promise<void> {
    if (this.#rig.engine.state !== 'running') return
    const { link, send } = await this.#rig.open(SPEC)
    const drafts = Array.from({ length: count }, () => {
      const body = String(this.#next++)
      this.#sent.set(body, key)
      return { body, delayMs, ...(key > 0 && { key: `k${key}` }) }
    })
    const sending = sendOpen({ send }, ...drafts)
    await settled()
    drafts.forEach(({ body }, at) => {
      if (sending.outcomes[at]?.outcome === 'done') this.#accepted.add(body)
    })
    await link.close(NEVER)
  }

  async #attach(flow: number): Promise<void> {
    if (this.#rig.engine.state !== 'running') return
    const channel = await this.#rig.open(SPEC)
    const reception = await attach(channel, {}, { ...FLOW, messages: flow })
    this.#consumers.push({ link: channel.link, reception })
  }

  async #pull(consumer: Consumer | undefined): Promise<void> {
    const pulling = consumer?.reception.next().then(
      (batch) => this.#came(batch?.deliveries ?? []),
      () => undefined,
    )
    await Promise.race([pulling, settled()])
  }

  #came(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const body = String(delivery.body)
      expect(`${body} acked ${this.#acked.has(body)}`).toBe(`${body} acked false`)
      const before = this.#attempts.get(body) ?? 0
      expect(delivery.attempt).toBe(before + 1)
      this.#attempts.set(body, delivery.attempt)
      this.#deliveries.push(delivery)
    }
  }

  async #settle(delivery: Delivery | undefined, how: 'ack' | { readonly retryMs: number }): Promise<void> {
    if (delivery === undefined) return
    const body = String(delivery.body)
    const wasHeld = delivery.held
    const settling = delivery.settle(how).then(
      () => {
        expect(wasHeld).toBe(true)
        if (how === 'ack') this.#acked.set(body, (this.#acked.get(body) ?? 0) + 1)
      },
      (error: { code: string }) => {
        // The link ended first: perhaps it counted, perhaps the job comes again.
        if (error.code === 'outcome-unknown') this.#unclear.add(body)
        else expect(`${error.code} ${wasHeld}`).toBe('conflict false')
      },
    )
    this.#pending.push(settling)
    await Promise.race([settling, settled()])
  }
}

function choose<T>(from: readonly T[], which: number): T | undefined {
  return from.length === 0 ? undefined : from[which % from.length]
}

describe('a queue under random work, retries, lost consumers, hangs and kills', () => {
  it('loses no job, settles none twice, holds none and no key twice at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const world = new World(rig({ beatMs: 1e9 }))
        await world.act({ do: 'send', count: 3, key: 1, delayMs: 0 })
        await world.act({ do: 'attach', flow: 3 })
        for (const one of steps) {
          await world.act(one)
          world.check()
        }
        await world.finish()
      }),
      { numRuns: 150 },
    )
  }, 60_000)
})
