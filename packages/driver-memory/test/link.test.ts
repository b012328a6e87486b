import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Credentials } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { ABILITIES, createEngine, memory } from '../src/index.js'
import {
  attach,
  bodies,
  codeOf,
  codes,
  connectOptions,
  DURABLE,
  JOBS,
  LIVE,
  NEVER,
  numbers,
  PRICE,
  pull,
  QUOTES,
  rig,
  send,
  sendOpen,
} from './rig.js'
import { settled } from './virtual-clock.js'

describe('connect', () => {
  it('asks for credentials and lets in whom the engine knows', async () => {
    const { connect } = rig({ authenticate: (offered) => offered.by === 'token' && offered.token === 'good' })
    const offer = (credentials: Credentials) => connect({}, { credentials: async () => credentials })
    await (await offer({ by: 'token', token: 'good' })).probe(NEVER)
    expect(await codeOf(offer({ by: 'token', token: 'bad' }))).toBe('unauthenticated')
    expect(await codeOf(offer({ by: 'none' }))).toBe('unauthenticated')
    expect(await codeOf(offer({ by: 'token', token: 'good', expiresAtMs: 1 }))).toBe('unauthenticated')
    const broken = connect({}, { credentials: () => Promise.reject(new Error('vault is sealed')) })
    expect(await codeOf(broken)).toBe('unauthenticated')
  })

  it('is canceled by its signal while a provider does not answer', async () => {
    const { engine } = rig()
    const abort = new AbortController()
    const credentials = () => new Promise<Credentials>(() => undefined)
    const connecting = codeOf(memory(engine).connect(['m'], connectOptions({ credentials }), abort.signal))
    abort.abort()
    expect(await connecting).toBe('canceled')
    expect(engine.counts().links).toBe(0)
  })

  it('renews credentials before they expire, and leaves when it cannot', async () => {
    const { connect, clock } = rig()
    let lives = 2
    const link = await connect(
      {},
      {
        credentials: async () => {
          if (lives-- === 0) throw new Error('no more')
          return { by: 'token', token: 't', expiresAtMs: clock.wall() + 100_000 }
        },
      },
    )
    const notices: unknown[] = []
    void link.draining.then((notice) => notices.push(notice))
    await clock.advance(159_000)
    expect(lives).toBe(0)
    expect(notices).toEqual([])
    await clock.advance(2_000)
    expect(notices).toMatchObject([{ withinMs: 20_000 }])
    await link.probe(NEVER)
    await clock.advance(19_000)
    expect(await link.ended).toMatchObject({ by: 'engine', error: { code: 'unauthenticated' } })
    expect(clock.pending).toBe(0)
  })

  it('tells the engine, its cluster and its node', async () => {
    const a = createEngine({ name: 'frankfurt' })
    const b = createEngine({ name: 'frankfurt' })
    const [one, two] = await Promise.all(
      [a, b].map((engine) => memory(engine).connect(['mq-0'], connectOptions(), NEVER)),
    )
    expect(one?.engine).toMatchObject({ name: 'memory', node: 'mq-0' })
    expect(one?.engine.cluster).not.toBe(two?.engine.cluster)
    expect(await codeOf(memory(a).connect(['m'], connectOptions({ client: 'no good' }), NEVER))).toBe('invalid')
  })

  it('has an engine of its own when none is given', async () => {
    const driver = memory({ maxBytes: 10 })
    const link = await driver.connect([], connectOptions(), NEVER)
    expect((await link.open(LIVE, NEVER)).can.maxBytes).toBe(10)
    await link.close(NEVER)
  })
})

describe('open', () => {
  it('makes a channel once, compares it afterwards, and refuses another spec', async () => {
    const { connect, engine } = rig()
    const [a, b] = [await connect(), await connect()]
    await Promise.all([a.open(QUOTES, NEVER), b.open(QUOTES, NEVER), a.open(QUOTES, NEVER)])
    expect(engine.depths().map(({ name }) => name)).toEqual(['quotes'])
    for (const other of [
      { ...QUOTES, params: 2 },
      { ...QUOTES, latest: false },
      { ...QUOTES, keep: 'live' },
      { ...JOBS, name: 'quotes' },
    ] as const) {
      expect(await codeOf(a.open(other, NEVER))).toBe('conflict')
    }
    await b.open(JOBS, NEVER)
    expect(await codeOf(b.open({ ...JOBS, leaseMs: 5 }, NEVER))).toBe('conflict')
  })

  it('says not-found for what is missing, when asked to', async () => {
    const { connect } = rig()
    const careful = await connect({}, { missing: 'refuse' })
    expect(await codeOf(careful.open(LIVE, NEVER))).toBe('not-found')
    await (await connect()).open(LIVE, NEVER)
    await careful.open(LIVE, NEVER)
  })

  it('refuses names and paths of another grammar, and is well afterwards', async () => {
    const { open, connect } = rig()
    const link = await connect()
    for (const name of ['a\tb', 'a\r\n', '..', '*', '>', ' ', '', 'A', 'x'.repeat(300)]) {
      expect(await codeOf(link.open({ ...LIVE, name }, NEVER))).toBe('invalid')
    }
    const channel = await open(QUOTES)
    const paths = ['a\tb', 'a\n', 'a.b', '*', '>', ' ', '', 'x'.repeat(300)]
    const outcomes = await send(channel, ...paths.map((path) => ({ path })), { path: 'fine' })
    expect(codes(outcomes)).toEqual([...paths.map(() => 'refused invalid'), 'done'])
    expect(await codeOf(attach(channel, { paths: ['a.b'] }))).toBe('invalid')
  })

  it('bounds the number of channels', async () => {
    const { open } = rig({ maxChannels: 1 })
    await open(LIVE)
    expect(await codeOf(open(JOBS))).toBe('overloaded')
  })
})

describe('send', () => {
  it('refuses an oversized member alone, counted in bytes on a wire', async () => {
    const { open } = rig({ maxBytes: 100 })
    const channel = await open(LIVE)
    const outcomes = await send(
      channel,
      'x'.repeat(100),
      'x'.repeat(101),
      '€'.repeat(33),
      '€'.repeat(34),
      '\u{1F600}'.repeat(25),
      '\u{1F600}'.repeat(26),
      { body: new Uint8Array(101) },
      { body: 'x'.repeat(90), headers: ['name', '1234567'] },
      'fits',
    )
    const large = 'refused too-large'
    expect(codes(outcomes)).toEqual(['done', large, 'done', large, 'done', large, large, large, 'done'])
  })

  it('reports each message once, right index, for a batch of ten thousand', async () => {
    const { open } = rig()
    const channel = await open(LIVE)
    const sending = sendOpen(channel, ...numbers(10_000))
    await settled()
    expect(new Set(sending.counts)).toEqual(new Set([1]))
    sending.cancel()
    expect(new Set(sending.counts)).toEqual(new Set([1]))
  })

  it('canceled before the engine had it is unsent and never received', async () => {
    const { open } = rig()
    const channel = await open(DURABLE)
    const reader = await attach(channel)
    const sending = sendOpen(channel, 'a', 'b', 'c')
    sending.cancel(1)
    expect(codes(sending.outcomes)).toEqual(['open', 'unsent canceled', 'open'])
    sending.cancel(1)
    sending.cancel(7)
    expect(bodies(await pull(reader, 2))).toEqual(['a', 'c'])
    expect(sending.counts).toEqual([1, 1, 1])
  })

  it('copies bytes, so that the sender may use its own again after the report', async () => {
    const { open } = rig()
    const channel = await open(DURABLE)
    const body = new Uint8Array([1, 2])
    const headers = ['a', '1']
    await send(channel, { body, headers })
    body.fill(0)
    headers[1] = '2'
    const [delivery] = await pull(await attach(channel, { start: { at: 'beginning' } }), 1)
    expect(delivery?.body).toEqual(new Uint8Array([1, 2]))
    expect(delivery?.headers()).toEqual(['a', '1'])
  })

  it('goes on after a report that throws', async () => {
    const { open } = rig()
    const channel = await open(DURABLE)
    const thrown = new Promise((resolve) => process.once('unhandledRejection', resolve))
    const seen: number[] = []
    channel.send(
      numbers(3).map((body) => ({ path: '', body })),
      (index) => {
        seen.push(index)
        if (index === 0) throw new Error('a bug of the caller')
      },
    )
    expect(await thrown).toMatchObject({ message: 'a bug of the caller' })
    await channel.probe(NEVER)
    expect(seen).toEqual([0, 1, 2])
  })
})

describe('abilities', () => {
  it('are claimed as they are', async () => {
    const { open } = rig()
    expect((await open(QUOTES)).can).toMatchObject({
      confirms: 'stored',
      starts: ['now', 'beginning', 'time', 'position', 'latest'],
      groups: true,
      waits: true,
    })
    expect((await open(LIVE)).can).toMatchObject({ confirms: 'taken', starts: ['now'], waits: false })
    expect((await open(JOBS)).can).toMatchObject({ confirms: 'stored', keyed: true, retries: true, counts: true })
    expect((await open(PRICE)).can).toMatchObject({ confirms: 'taken', starts: [], retries: false })
  })

  it.each(ABILITIES)('denied %s: only that is gone', async (ability) => {
    const { open } = rig()
    for (const spec of [QUOTES, JOBS]) {
      const all = (await open(spec)).can
      const { can } = await open(spec, { without: [ability] })
      const isStart = all.starts.some((start) => start === ability)
      const changed = Object.entries(can).filter(([name, value]) => {
        return JSON.stringify(value) !== JSON.stringify(Reflect.get(all, name))
      })
      const names = changed.map(([name]) => name)
      expect([[], [isStart ? 'starts' : ability]]).toContainEqual(names)
    }
  })

  it('denied, are refused when used', async () => {
    const { open } = rig()
    const jobs = await open(JOBS, { without: ['maxDelayMs', 'ttl'] })
    const outcomes = await send(jobs, { delayMs: 1 }, { ttlMs: 1 }, 'plain')
    expect(codes(outcomes)).toEqual(['refused capability', 'refused capability', 'done'])
    const quotes = await open(QUOTES, { without: ['beginning', 'time', 'position', 'latest'] })
    expect(await codeOf(attach(quotes, { start: { at: 'latest' } }))).toBe('capability')
    const price = await open(PRICE, { without: ['ttl'] })
    expect(codes(await send(price, { ttlMs: 5 }))).toEqual(['refused not-found'])
  })
})

describe('the event loop', () => {
  it('keeps nothing of what is done, though somebody sends in every turn', async () => {
    setFlagsFromString('--expose-gc')
    const collect: unknown = runInNewContext('gc')
    if (typeof collect !== 'function') throw new Error('no garbage collector to call')
    const { open } = rig()
    const channel = await open(LIVE)
    const reports: WeakRef<object>[] = []
    await new Promise<void>((resolve) => {
      const again = (): void => {
        const report = (): void => again()
        reports.push(new WeakRef(report))
        if (reports.length > 5_000) resolve()
        else channel.send([{ path: '', body: 'x' }], report)
      }
      again()
    })
    await settled()
    collect()
    expect(reports.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(100)
  })

  it('gets a breath while two parties keep each other busy', async () => {
    const { open } = rig()
    const channel = await open(LIVE)
    const reception = await attach(channel)
    let turned = false
    void settled().then(() => {
      turned = true
    })
    let rounds = 0
    for (; !turned && rounds < 100_000; rounds++) {
      void send(channel, 'x')
      await reception.next()
    }
    expect(rounds).toBeLessThan(5_000)
  })
})
