import type { Answer, Delivery, Headers } from '@spanwire/driver'
import { createEngine, memory } from '@spanwire/driver-memory'
import { describe, expect, it } from 'vitest'
import { createClient, json, queue, rpc, type StandardSchema } from '../src/index.js'
import { virtualRuntime } from '../src/runtime/virtual.js'
import { Scripted } from './scripted.js'

const price = rpc('prices', json as StandardSchema<{ n: number }>, json as StandardSchema<{ n: number }>)
const orders = queue('orders', json as StandardSchema<{ n: number }>)
const here = { environment: 'on-prem' } as const

/** A request as an engine delivers it. */
class Asked implements Delivery {
  readonly path = ''
  readonly body = '{"n":1}'
  readonly attempt = 1
  readonly held = true
  readonly id: string
  readonly timeMs: number
  readonly answers: unknown[] = []

  constructor(id: string, timeMs: number) {
    this.id = id
    this.timeMs = timeMs
  }

  headers(): Headers {
    return ['sw-timeout', '2000']
  }

  position(): undefined {
    return undefined
  }

  async settle(how: 'ack' | { readonly retryMs: number } | Answer): Promise<void> {
    this.answers.push(how)
  }

  async extend(): Promise<void> {}
}

async function responder() {
  const runtime = virtualRuntime()
  const engine = new Scripted(runtime)
  const client = createClient({
    here,
    runtime,
    sites: { a: { location: here, driver: engine.driver, endpoints: ['a'] } },
  })
  let runs = 0
  client.respond(price, async ({ n }) => {
    runs += 1
    await new Promise<void>((resolve) => void runtime.after(100, resolve))
    return { n }
  })
  await runtime.advance(50)
  const ask = async (asked: Asked, ms = 1) => {
    engine.link.channels[0]?.receptions[0]?.push({ deliveries: [asked] })
    await runtime.advance(ms)
    return asked
  }
  return { runtime, ask, runs: () => runs }
}

const ID = 'AAAAAAAAAAAAAAAA-1.1.1'

describe('a responder', () => {
  it('runs a request once, and gives the same answer to whoever asks again while it runs and afterwards', async () => {
    const { ask, runs, runtime } = await responder()
    const first = await ask(new Asked(ID, runtime.wall()))
    const second = await ask(new Asked(ID, runtime.wall()), 200)
    const third = await ask(new Asked(ID, runtime.wall()))
    expect(first.answers).toEqual([{ body: '{"n":1}' }])
    expect([second.answers, third.answers]).toEqual([first.answers, first.answers])
    expect(runs()).toBe(1)
  })

  it('knows for ten minutes that it ran, when the answer is forgotten', async () => {
    const { ask, runs, runtime } = await responder()
    await ask(new Asked(ID, runtime.wall()), 200)
    for (let n = 0; n < 3; n++) {
      await runtime.advance(31_000)
      await ask(new Asked(`AAAAAAAAAAAAAAAA-1.${n + 2}.1`, runtime.wall()), 200)
    }
    const again = await ask(new Asked(ID, runtime.wall()))
    expect(again.answers).toEqual([{ body: '', error: 'this request has been run already' }])
    expect(runs()).toBe(4)
  })

  it('does not begin what nobody waits for any more', async () => {
    const { ask, runs, runtime } = await responder()
    const late = await ask(new Asked(ID, runtime.wall() - 7_100))
    expect(late.answers).toEqual([{ body: '', error: expect.stringMatching(/nobody waits/) }])
    expect(runs()).toBe(0)
    await ask(new Asked(ID, runtime.wall() - 6_900), 200)
    expect(runs()).toBe(1)
  })
})

describe('a job in work', () => {
  it('is told at once when its link ends, by its signal', async () => {
    const runtime = virtualRuntime()
    const engine = createEngine({ clock: runtime })
    const client = createClient({
      here,
      runtime,
      sites: { a: { location: here, driver: memory(engine), endpoints: ['a'] } },
    })
    const aborted: number[] = []
    client.consume(orders, async ({ n }, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      aborted.push(n)
    })
    await runtime.advance(100)
    await client.send(orders, { n: 1 })
    await runtime.advance(1_000)
    expect(aborted).toEqual([])
    engine.cut('connection')
    await runtime.advance(1)
    expect(aborted).toEqual([1])
  })
})
