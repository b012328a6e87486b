import { getEventListeners } from 'node:events'
import { MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { type Manners, Scripted } from '../../test/scripted.js'
import { type VirtualRuntime, virtualRuntime } from '../runtime/virtual.js'
import { dial } from './dial.js'

const refused = new MessagingError('unavailable', 'Connection refused.', { scope: 'link' })
const denied = new MessagingError('unauthenticated', 'Wrong password.', { scope: 'link' })
const fails = (error: MessagingError, afterMs: number): Manners => ({ does: 'fail', error, afterMs })

function stage(manners: Readonly<Record<string, Manners>>, dials: 'one' | 'all' = 'one') {
  const runtime: VirtualRuntime = virtualRuntime()
  const engine = new Scripted(runtime, dials)
  for (const [endpoint, how] of Object.entries(manners)) engine.behave(endpoint, how)
  const owned: Promise<void>[] = []
  const given = new AbortController()
  const dialed = dial(
    Object.keys(manners),
    {
      site: 'frankfurt',
      driver: engine.driver,
      connectOptions: () => ({
        client: `c${engine.dials.length}`,
        nonce: 'n',
        missing: 'create',
        credentials: async () => ({ by: 'none' }),
      }),
      timeoutMs: 3_000,
      runtime,
      own: (work) => void owned.push(work),
    },
    given.signal,
  )
  const outcome = dialed.then(
    ({ endpoint, tookMs }) => ({ endpoint, tookMs, atMs: runtime.now() }),
    (error: MessagingError) => error,
  )
  return {
    runtime,
    engine,
    given,
    outcome,
    owned,
    at: () => engine.dials.map((it) => [it.endpoints.join(','), it.atMs]),
  }
}

describe('dialing a site', () => {
  it('reaches the healthy endpoint 250 ms after a hung one was tried', async () => {
    const { runtime, engine, outcome, owned, at } = stage({ a: { does: 'hang' }, b: { does: 'accept', afterMs: 5 } })
    await runtime.advance(300)
    expect(await outcome).toEqual({ endpoint: 'b', tookMs: 5, atMs: 255 })
    expect(at()).toEqual([
      ['a', 0],
      ['b', 250],
    ])
    // The loser's, and not that of the link that is in use.
    expect(engine.dials.map(({ signal }) => signal.aborted)).toEqual([true, false])
    await Promise.all(owned)
    expect(runtime.pending).toBe(0)
  })

  it('goes on at once when an endpoint refuses', async () => {
    const { runtime, outcome, at } = stage({ a: fails(refused, 2), b: { does: 'accept', afterMs: 5 } })
    await runtime.advance(10)
    expect(await outcome).toMatchObject({ endpoint: 'b' })
    expect(at()).toEqual([
      ['a', 0],
      ['b', 2],
    ])
  })

  it('has two dials under way at most, and gives each its time', async () => {
    const hang: Manners = { does: 'hang' }
    const { runtime, outcome, at } = stage({ a: hang, b: hang, c: hang, d: { does: 'accept', afterMs: 1 } })
    await runtime.advance(10_000)
    expect(at()).toEqual([
      ['a', 0],
      ['b', 250],
      ['c', 3_000],
      ['d', 3_250],
    ])
    expect(await outcome).toMatchObject({ endpoint: 'd' })
  })

  it('closes a loser that came through all the same', async () => {
    const slow: Manners = { does: 'accept', afterMs: 260 }
    const { runtime, engine, outcome, owned } = stage({ a: slow, b: { does: 'accept', afterMs: 10 } })
    await runtime.advance(1_000)
    expect(await outcome).toMatchObject({ endpoint: 'a' })
    await Promise.all(owned)
    expect(engine.open.map((link) => link.endpoint)).toEqual(['a'])
  })

  it('closes a loser that does not hear that it has lost', async () => {
    const deaf: Manners = { does: 'accept', afterMs: 2_000, deaf: true }
    const { runtime, engine, given, outcome, owned } = stage({ a: deaf, b: { does: 'accept', afterMs: 10 } })
    await runtime.advance(300)
    expect(await outcome).toMatchObject({ endpoint: 'b' })
    expect(getEventListeners(given.signal, 'abort')).toEqual([])
    await runtime.advance(2_000)
    await Promise.all(owned)
    expect(engine.links.map((link) => [link.endpoint, link.isOpen])).toEqual([
      ['b', true],
      ['a', false],
    ])
  })

  it('says that credentials were refused, though another endpoint is down', async () => {
    const { runtime, outcome } = stage({ a: fails(denied, 1), b: fails(refused, 1) })
    await runtime.advance(1_000)
    expect(await outcome).toBe(denied)
  })

  it('says where nothing answered, and for how long it waited', async () => {
    const { runtime, outcome } = stage({ a: { does: 'hang' } })
    await runtime.advance(3_000)
    expect(await outcome).toMatchObject({ code: 'timeout', retryable: true })
    expect(await outcome.then((it) => ('code' in it ? it.message : ''))).toMatch(/frankfurt \(scripted at a\).*3000 ms/)
  })

  it('asks a driver that dials all endpoints itself once', async () => {
    const { runtime, outcome, at } = stage({ a: { does: 'hang' }, b: { does: 'hang' } }, 'all')
    await runtime.advance(1)
    expect(at()).toEqual([['a,b', 0]])
    expect(await outcome).toMatchObject({ endpoint: 'a,b' })
  })

  it('leaves nothing behind when it is given up', async () => {
    const { runtime, engine, given, outcome, owned } = stage({
      a: { does: 'hang' },
      b: { does: 'accept', afterMs: 500 },
    })
    await runtime.advance(300)
    given.abort()
    expect(await outcome).toMatchObject({ code: 'canceled' })
    await Promise.all(owned)
    await runtime.advance(1_000)
    expect(engine.open).toEqual([])
    expect(runtime.pending).toBe(0)
  })
})
