import type { Driver, Link } from '@spanwire/driver'
import { createEngine, memory } from '@spanwire/driver-memory'
import { describe, expect, it } from 'vitest'
import { createClient, json, type Location, primary, topic } from '../src/index.js'
import type { Runtime } from '../src/runtime/runtime.js'
import { virtualRuntime } from '../src/runtime/virtual.js'

const quotes = topic('quotes.{symbol}', json, { delivery: 'durable' })
const here = { environment: 'on-prem', region: 'eu-central', zone: 'fra1' } as const

/** The same engine, whose answers take their time. */
function slowed(driver: Driver, runtime: Runtime, ms: () => number): Driver {
  const late = (link: Link): Link => ({
    engine: link.engine,
    draining: link.draining,
    ended: link.ended,
    probe: (signal) => link.probe(signal),
    close: (signal) => link.close(signal),
    async open(spec, signal) {
      const channel = await link.open(spec, signal)
      return {
        can: channel.can,
        receive: (source, flow, attaching) => channel.receive(source, flow, attaching),
        probe: (asking) => channel.probe(asking),
        send: (batch, report) =>
          channel.send(batch, (index, outcome) => void runtime.after(ms(), () => report(index, outcome))),
      }
    },
  })
  return { ...driver, connect: (...dial) => driver.connect(...dial).then(late) }
}

function stage(there: Location, msOf: { a: number; b: number }) {
  const runtime = virtualRuntime()
  const engines = { a: createEngine({ clock: runtime, name: 'a' }), b: createEngine({ clock: runtime, name: 'b' }) }
  const driver = (name: 'a' | 'b') => slowed(memory(engines[name]), runtime, () => msOf[name])
  const client = createClient({
    here,
    runtime,
    sites: {
      a: { location: here, driver: driver('a'), endpoints: ['a'] },
      b: { location: there, driver: driver('b'), endpoints: ['b'] },
    },
    routes: [
      { match: 'quotes.>', policy: primary('a', 'b') },
      { match: 'ticks', policy: primary('b', 'a') },
    ],
  })
  /** One message each 100 ms to `a`, and another one to `b`. */
  const load = async (ms: number) => {
    for (let at = 0; at < ms; at += 100) {
      void client.publish(quotes, at, { params: { symbol: 'OLD' } })
      void client.publish(ticks, at)
      await runtime.advance(100)
    }
  }
  /** Where a lane settles that did not exist before. */
  const settles = async (symbol: string) => {
    const sent = client.publish(quotes, 1, { params: { symbol } })
    await runtime.advance(1_000)
    return (await sent).sites.join()
  }
  return { runtime, b: engines.b, client, load, settles }
}

const ticks = topic('ticks', json, { delivery: 'durable' })

describe('a site that answers, but slowly', () => {
  it('gets no new lanes while another one is five times as fast, keeps what it has, and gets new ones when it is well', async () => {
    const ms = { a: 2, b: 2 }
    const { client, load, runtime, settles } = stage(here, ms)
    await runtime.advance(100)
    await load(5_000)
    expect(await settles('EARLY')).toBe('a')
    ms.a = 600
    await load(10_000)
    expect(await settles('LATE')).toBe('b')
    expect(client.status().sites[0]).toMatchObject({
      state: 'up',
      trouble: expect.stringMatching(/^is slow: half of its answers took more than \d+ ms, those of b 2\.0 ms/),
    })
    expect(client.explain('publish', quotes, { params: { symbol: 'NEXT' } }).sites).toEqual(['b', 'a'])
    const sent = client.publish(quotes, 1, { params: { symbol: 'EARLY' } })
    await runtime.advance(1_000)
    expect((await sent).sites).toEqual(['a'])
    ms.a = 2
    await load(11_000)
    expect(await settles('LAST')).toBe('a')
  })

  it('is used when the other one is no faster, or away', async () => {
    const ms = { a: 600, b: 2 }
    const { b, load, runtime, settles } = stage(here, ms)
    await runtime.advance(100)
    await load(12_000)
    expect(await settles('ONE')).toBe('b')
    ms.b = 600
    await load(11_000)
    expect(await settles('TWO')).toBe('a')
    ms.b = 2
    await load(12_000)
    expect(await settles('THREE')).toBe('b')
    b.kill()
    expect(await settles('FOUR')).toBe('a')
  })

  it('is not compared with a nearer one: what is far away takes its time', async () => {
    const ms = { a: 2, b: 300 }
    const { client, load, runtime } = stage({ environment: 'cloud' }, ms)
    await runtime.advance(100)
    await load(12_000)
    expect(client.explain('publish', ticks).sites).toEqual(['b', 'a'])
    expect(client.status().sites.map(({ trouble }) => trouble)).toEqual([undefined, undefined])
  })
})
