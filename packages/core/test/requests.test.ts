import { MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import {
  type Client,
  createClient,
  json,
  type Policy,
  primary,
  type RequestOptions,
  rpc,
  type StandardSchema,
} from '../src/index.js'
import { virtualRuntime } from '../src/runtime/virtual.js'
import { Scripted, type ScriptedChannel } from './scripted.js'
import { settling, twoEngines } from './two-engines.js'

type N = { n: number }
const number = json as StandardSchema<N>
const safe = rpc('safe', number, number, { idempotent: true })
const once = rpc('once', number, number)
const here = { environment: 'on-prem' } as const

/** Memory engines at two sites on one clock that only the test moves. */
function stage(policy: Policy<'a' | 'b'> = primary('a', 'b')) {
  const { client, ...engines } = twoEngines({ b: 'here' })
  const at = (only?: 'a' | 'b'): Client =>
    client({ routes: [{ match: '>', policy: only === undefined ? policy : primary(only) }] })
  const wait = (ms: number) => new Promise<void>((resolve) => void engines.runtime.after(ms, resolve))
  return { ...engines, client: at, wait }
}

/** Engines that do what the test says, at two sites. */
async function scripted() {
  const runtime = virtualRuntime()
  const engines = { a: new Scripted(runtime), b: new Scripted(runtime) }
  const client = createClient({
    here,
    runtime,
    sites: {
      a: { location: here, driver: engines.a.driver, endpoints: ['a'] },
      b: { location: here, driver: engines.b.driver, endpoints: ['b'] },
    },
    routes: [{ match: '>', policy: primary('a', 'b') }],
  })
  const channel = (site: 'a' | 'b'): ScriptedChannel | undefined => engines[site].links[0]?.channels[0]
  const asked = (site: 'a' | 'b') => channel(site)?.batches.reduce((sum, { messages }) => sum + messages.length, 0) ?? 0
  await runtime.advance(50)
  const request = async (contract: typeof safe | typeof once, options: RequestOptions = {}) => {
    const result = settling(client.request(contract, { n: 1 }, options))
    await runtime.advance(20)
    return result
  }
  /** What is on its way at a site ends so. */
  const answer = (site: 'a' | 'b', error: MessagingError, outcome: 'refused' | 'unknown' = 'refused') =>
    channel(site)?.batches.at(-1)?.report(0, { outcome, error })
  /** Nobody hears what became of all that a site was asked. */
  const lose = (site: 'a' | 'b') => {
    for (const { messages, report } of channel(site)?.batches ?? [])
      for (const index of messages.keys()) report(index, { outcome: 'unknown', error: cut })
  }
  return { runtime, engines, asked, answer, request, lose }
}

const busy = new MessagingError('overloaded', 'Too many requests.', { scope: 'message', retryAfterMs: 400 })
const cut = new MessagingError('unavailable', 'The answer was lost.', { scope: 'message' })

describe('a request whose answer was lost', () => {
  it('is asked once when it is not idempotent', async () => {
    const { asked, answer, request, runtime } = await scripted()
    const result = await request(once)
    answer('a', cut, 'unknown')
    await runtime.advance(100)
    expect(result.error?.code).toBe('outcome-unknown')
    expect([asked('a'), asked('b')]).toEqual([1, 0])
  })

  it('is asked three times at most when it is', async () => {
    const { asked, answer, request, runtime } = await scripted()
    const result = await request(safe)
    for (const site of ['a', 'b', 'a'] as const) {
      answer(site, cut, 'unknown')
      await runtime.advance(100)
    }
    expect(result.error?.code).toBe('outcome-unknown')
    expect([asked('a'), asked('b')]).toEqual([2, 1])
  })

  it('is asked once more, however many there are, when the link ended that carried it', async () => {
    const { asked, engines, request, runtime } = await scripted()
    const results = await Promise.all(Array.from({ length: 300 }, () => request(safe, { timeout: '10s' })))
    engines.a.link.kill()
    await runtime.advance(100)
    expect([asked('a'), asked('b')]).toEqual([300, 300])
    expect(results.filter(({ error }) => error !== undefined)).toEqual([])
  })

  it('is asked once more, however many there are, when its channel is given up before its link', async () => {
    const { asked, engines, request, runtime } = await scripted()
    const results = await Promise.all(Array.from({ length: 300 }, () => request(safe, { timeout: '10s' })))
    engines.a.probeFails = new MessagingError('timeout', 'Nobody takes them.', { scope: 'channel' })
    await runtime.advance(2_000)
    expect([asked('a'), asked('b')]).toEqual([300, 300])
    expect(results.filter(({ error }) => error !== undefined)).toEqual([])
  })

  it('is not repeated beyond the budget of the next site, so that a storm dies down', async () => {
    const { asked, lose, request, runtime } = await scripted()
    const results = await Promise.all(Array.from({ length: 300 }, () => request(safe, { timeout: '10s' })))
    expect(asked('a')).toBe(300)
    lose('a')
    await runtime.advance(100)
    const given = results.filter(({ error }) => error !== undefined)
    expect(given.every(({ error }) => error?.code === 'outcome-unknown')).toBe(true)
    expect(given[0]?.error?.message).toMatch(/not asked again: a fifth of what b gets are such tries/)
    expect(asked('b')).toBe(300 - given.length)
    // Half of the tokens that it began with, and ten for this second.
    expect(asked('b')).toBe(60)
  })
})

describe('a request that nobody answers in time', () => {
  it('may have run, and says that no answer came rather than who forgot it', async () => {
    const { request, runtime } = await scripted()
    const result = await request(once, { timeout: '300ms' })
    await runtime.advance(400)
    expect(result.error?.code).toBe('outcome-unknown')
    expect(result.error?.message).toMatch(/^request once to a may have run: no answer came in time$/)
  })
})

describe('a site with too much to do', () => {
  it('is given the time that it asks for, and its load is not thrown at the next one', async () => {
    const { runtime, asked, answer, request } = await scripted()
    const result = await request(once, { timeout: '5s' })
    answer('a', busy)
    await runtime.advance(390)
    expect([asked('a'), asked('b')]).toEqual([1, 0])
    await runtime.advance(300)
    expect([asked('a'), asked('b')]).toEqual([2, 0])
    expect(result).toEqual({})
  })

  it('is what the caller hears at once when there is not so much time left', async () => {
    const { runtime, asked, answer, request } = await scripted()
    const result = await request(once, { timeout: '300ms' })
    answer('a', busy)
    await runtime.advance(1)
    expect(result.error?.code).toBe('overloaded')
    expect(asked('a')).toBe(1)
  })
})

describe('a hedged request', () => {
  it('is asked at a second site when the first is late, once, and the first answer counts', async () => {
    const { runtime, client, wait } = stage()
    const ran: string[] = []
    const slow = client('a')
    const fast = client('b')
    slow.respond(safe, async ({ n }) => {
      ran.push('a')
      await wait(5_000)
      return { n: -n }
    })
    fast.respond(safe, ({ n }) => {
      ran.push('b')
      return { n }
    })
    const one = client()
    await runtime.advance(100)
    const result = settling(one.request(safe, { n: 7 }, { hedge: '50ms' }))
    await runtime.advance(45)
    expect(ran).toEqual(['a'])
    await runtime.advance(30)
    expect(result.value).toEqual({ n: 7 })
    expect(ran).toEqual(['a', 'b'])
    await runtime.advance(10_000)
    expect(ran).toEqual(['a', 'b'])
  })

  it('runs once where both copies meet, and both are answered alike', async () => {
    const { runtime, client, wait } = stage()
    let runs = 0
    client().respond(safe, async ({ n }) => {
      runs += 1
      await wait(300)
      return { n }
    })
    const one = client()
    await runtime.advance(100)
    const result = settling(one.request(safe, { n: 7 }, { hedge: 100 }))
    await runtime.advance(500)
    expect(result.value).toEqual({ n: 7 })
    expect(runs).toBe(1)
  })

  it('waits as long as 95 of 100 answers took', async () => {
    const { runtime, client, wait } = stage()
    let ms = 40
    const at: string[] = []
    const responder = (site: 'a' | 'b') =>
      client(site).respond(safe, async ({ n }) => {
        at.push(site)
        await wait(ms)
        return { n }
      })
    responder('a')
    responder('b')
    const one = client()
    await runtime.advance(100)
    for (let n = 0; n < 30; n++) {
      if (n === 20) ms = 20
      const result = settling(one.request(safe, { n }, { hedge: 'p95' }))
      await runtime.advance(60)
      expect(result.value).toEqual({ n })
    }
    expect(new Set(at)).toEqual(new Set(['a']))
    ms = 500
    void one.request(safe, { n: 1 }, { hedge: 'p95' })
    await runtime.advance(70)
    expect(at.at(-1)).toBe('b')
    await runtime.advance(1_000)
  })

  it('needs a contract that is idempotent', async () => {
    const { client } = stage()
    await expect(client().request(once, { n: 1 }, { hedge: '50ms' })).rejects.toMatchObject({ code: 'invalid' })
  })
})
