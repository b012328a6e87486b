import type { ChannelSpec, SendOutcome, Start } from '@spanwire/driver'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { describe, expect, it } from 'vitest'
import { virtualRuntime } from '../src/runtime/virtual.js'
import { type AttachReason, attach } from '../src/session/attachment.js'
import { patienceOf } from '../src/session/patience.js'
import { Session } from '../src/session/session.js'

const quotes: ChannelSpec = { kind: 'topic', name: 'quotes', params: 0, keep: 'durable', latest: false }
const never = new AbortController().signal

/** A publisher and a reader, each with a session of its own, on one engine and one clock. */
function stage(endpoints: readonly string[] = ['a', 'b']) {
  const runtime = virtualRuntime()
  const engine: MemoryEngine = createEngine({ clock: runtime })
  const session = (name: string) => {
    let links = 0
    const it = new Session({
      site: name,
      driver: memory(engine),
      endpoints,
      credentials: async () => ({ by: 'none' }),
      missing: 'create',
      nonce: 'n',
      clientId: () => `${name}-${++links}`,
      runtime,
      patience: patienceOf({}, 'health'),
    })
    it.start()
    return it
  }
  const publisher = session('publisher')
  const reader = session('reader')
  const got: string[] = []
  const asked: AttachReason[] = []
  let position: string | undefined
  const attachment = attach(reader, quotes, {
    source(why) {
      asked.push(why)
      const start: Start = why === 'again' && position ? { at: 'position', position } : { at: 'beginning' }
      return { start }
    },
    flow: { messages: 100, bytes: 1_000_000 },
    onBatch({ deliveries }) {
      got.push(...deliveries.map(({ body }) => String(body)))
      position = deliveries.at(-1)?.position() ?? position
    },
    onState() {},
    runtime,
  })
  const outcomes = new Map<string, SendOutcome['outcome']>()
  const publish = (body: string) => {
    const state = publisher.channel(quotes)
    if (state.at !== 'open') return false
    state.sender.send({ path: '', body }, body.length, ({ outcome }) => outcomes.set(body, outcome))
    return true
  }
  /** Lets time pass, with the publisher's channel opened as soon as it can be. */
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= 50) {
      publisher.channel(quotes)
      await runtime.advance(Math.min(left, 50))
    }
  }
  return { runtime, engine, publisher, reader, attachment, got, asked, outcomes, publish, pass }
}

describe('a session on an engine', () => {
  it('reads each stored message once, in order, though the engine is killed and restarted again and again', async () => {
    const { runtime, engine, attachment, got, asked, outcomes, publish } = stage()
    let number = 0
    for (let round = 0; round < 10; round++) {
      for (let ms = 0; ms < 400; ms++) {
        for (let burst = 0; burst < 3; burst++) if (publish(`${number}`)) number += 1
        await runtime.advance(1)
      }
      for (let burst = 0; burst < 3; burst++) if (publish(`${number}`)) number += 1
      engine.kill()
      await runtime.advance(round * 50)
      engine.restart({ data: 'keep' })
      await runtime.advance(31_000)
    }
    const stored = [...outcomes].filter(([, outcome]) => outcome === 'done').map(([body]) => body)
    expect(stored.length).toBeGreaterThan(5_000)
    expect(outcomes.size).toBe(number)
    expect(got).toEqual([...new Set(got)].sort((a, b) => Number(a) - Number(b)))
    expect(stored.filter((body) => !got.includes(body))).toEqual([])
    expect(attachment.state.at).toBe('attached')
    expect(asked[0]).toBe('first')
    expect(new Set(asked.slice(1))).toEqual(new Set(['again']))
  })

  it('says that the position was of another log when the engine comes back empty', async () => {
    const { engine, got, asked, publish, pass } = stage()
    await pass(100)
    expect(publish('before')).toBe(true)
    await pass(100)
    engine.kill()
    engine.restart({ data: 'wipe' })
    await pass(1_000)
    expect(publish('after')).toBe(true)
    await pass(1_000)
    expect(asked).toEqual(['first', 'again', 'conflict'])
    expect(got).toEqual(['before', 'after'])
  })

  it('is told of the drain, moves when the link ends, and leaves nothing behind', async () => {
    const { runtime, engine, publisher, reader, attachment, got, publish, pass } = stage(['a'])
    await pass(100)
    expect(publish('first')).toBe(true)
    engine.drain({ reason: 'update', withinMs: 5_000 })
    await pass(1)
    expect(reader.state).toMatchObject({ at: 'draining', notice: { reason: 'update' } })
    expect(publish('while draining')).toBe(true)
    await pass(6_000)
    expect(reader.state).toMatchObject({ at: 'up', attempt: 2 })
    expect(publish('after')).toBe(true)
    await pass(10)
    expect(got).toEqual(['first', 'while draining', 'after'])

    await attachment.stop(never)
    await Promise.all([publisher.close(never), reader.close(never)])
    expect(engine.counts()).toMatchObject({ links: 0, receptions: 0, due: 0 })
    await pass(1)
    expect(runtime.pending).toBe(0)
  })

  it('follows what an operator forbids and permits again', async () => {
    const { engine, attachment, pass } = stage()
    await pass(100)
    expect(attachment.state.at).toBe('attached')
    engine.revoke('quotes')
    await pass(100)
    expect(attachment.state).toMatchObject({ at: 'refused', error: { code: 'forbidden' } })
    engine.permit('quotes')
    await pass(31_000)
    expect(attachment.state.at).toBe('attached')
  })
})
