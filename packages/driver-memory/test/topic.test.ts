import { describe, expect, it } from 'vitest'
import { attach, bodies, codeOf, codes, DURABLE, drainNow, LIVE, numbers, pull, QUOTES, rig, send } from './rig.js'

describe('a live topic', () => {
  it('gives what is published after attaching, to each receiver, in order', async () => {
    const { open } = rig()
    const sender = await open(LIVE)
    const a = await attach(await open(LIVE))
    const b = await attach(await open(LIVE))
    expect(codes(await send(sender, ...numbers(10)))).toEqual(Array(10).fill('done'))
    expect(bodies(await pull(a, 10))).toEqual(numbers(10))
    expect(bodies(await pull(b, 10))).toEqual(numbers(10))
  })

  it('never delivers inside send', async () => {
    const { open } = rig()
    const channel = await open(LIVE)
    const reception = await attach(channel)
    await reception.next()
    let delivered = false
    const next = reception.next().then(() => {
      delivered = true
    })
    const reports: number[] = []
    channel.send([{ path: '', body: 'x' }], (index) => reports.push(index))
    expect(delivered).toBe(false)
    await next
    expect(reports).toEqual([0])
  })

  it('drops the oldest beyond flow and says how many', async () => {
    const { open } = rig()
    const sender = await open(LIVE)
    const reception = await attach(await open(LIVE), {}, { messages: 10, bytes: 1_000_000 })
    await send(sender, ...numbers(100))
    const batch = await reception.next()
    expect(bodies(batch?.deliveries ?? [])).toEqual(numbers(10, 90))
    expect(batch?.lost).toEqual({ reason: 'slow', count: 90 })
    await send(sender, 'more')
    expect(await reception.next()).toMatchObject({ deliveries: [{ body: 'more' }] })
  })

  it('keeps to flow in bytes too, but always holds one', async () => {
    const { open } = rig()
    const sender = await open(LIVE)
    const reception = await attach(await open(LIVE), {}, { messages: 1_000, bytes: 25 })
    await send(sender, '0123456789', '0123456789', '0123456789')
    expect((await reception.next())?.lost).toEqual({ reason: 'slow', count: 1 })
    await send(sender, 'x'.repeat(100))
    expect((await reception.next())?.deliveries.length).toBe(1)
  })

  it('filters by paths: exact, wildcard, several', async () => {
    const { open } = rig()
    const spec = { ...LIVE, name: 'ticks', params: 2 }
    const sender = await open(spec)
    const receive = async (paths: string[]) => attach(await open(spec), { paths })
    const exact = await receive(['a.x'])
    const wild = await receive(['*.x'])
    const three = await receive(['a.x', 'b.*', 'c.z'])
    const paths = ['a.x', 'a.y', 'b.x', 'b.y', 'c.x', 'c.z', 'BRK_2eB.x']
    await send(sender, ...paths.map((path) => ({ path, body: path })))
    expect(bodies(await pull(exact, 1))).toEqual(['a.x'])
    expect(bodies(await pull(wild, 4))).toEqual(['a.x', 'b.x', 'c.x', 'BRK_2eB.x'])
    expect(bodies(await pull(three, 4))).toEqual(['a.x', 'b.x', 'b.y', 'c.z'])
    await exact.stop(AbortSignal.abort())
    await send(sender, { path: 'a.x', body: 'again' })
    expect(bodies(await pull(wild, 1))).toEqual(['again'])
    expect(await exact.next()).toBeUndefined()
  })

  it('shares among the members of a group; who leaves passes on what it has not pulled', async () => {
    const { open } = rig()
    const sender = await open(LIVE)
    const a = await attach(await open(LIVE), { group: 'g' })
    const b = await attach(await open(LIVE), { group: 'g' })
    await send(sender, ...numbers(10))
    expect(bodies(await pull(a, 5))).toEqual(['0', '2', '4', '6', '8'])
    await b.stop(AbortSignal.abort())
    expect(bodies(await pull(a, 5))).toEqual(['1', '3', '5', '7', '9'])
  })

  it('has no positions and refuses to start in a past it does not have', async () => {
    const { open } = rig()
    const channel = await open(LIVE)
    expect(channel.can.starts).toEqual(['now'])
    expect(await codeOf(attach(channel, { start: { at: 'beginning' } }))).toBe('capability')
    const reception = await attach(channel)
    await send(channel, 'x')
    const [delivery] = await pull(reception, 1)
    expect(delivery?.position()).toBeUndefined()
    expect(await codeOf(delivery?.settle('ack') ?? Promise.resolve())).toBe('invalid')
  })
})

describe('a durable topic', () => {
  it('gives everything from the beginning, says when it has caught up, then goes on live', async () => {
    const { open } = rig()
    const channel = await open(DURABLE)
    await send(channel, ...numbers(1_300))
    const reception = await attach(channel, { start: { at: 'beginning' } }, { messages: 2_000, bytes: 1e9 })
    const seen: string[] = []
    let caughtUpAt = -1
    while (seen.length < 1_300) {
      const batch = await reception.next()
      seen.push(...bodies(batch?.deliveries ?? []))
      if (batch?.caughtUp) caughtUpAt = seen.length
    }
    expect(seen).toEqual(numbers(1_300))
    expect(caughtUpAt).toBe(1_300)
    await send(channel, 'live')
    expect(bodies(await pull(reception, 1))).toEqual(['live'])
  })

  it('says caught up at once when there is nothing to catch up', async () => {
    const { open } = rig()
    const reception = await attach(await open(DURABLE))
    expect(await reception.next()).toEqual({ deliveries: [], caughtUp: true })
  })

  it('loses nothing for a slow reader: it reads on in the log', async () => {
    const { open } = rig()
    const channel = await open(DURABLE)
    const reception = await attach(channel, {}, { messages: 7, bytes: 1e6 })
    await reception.next()
    for (let from = 0; from < 500; from += 50) await send(channel, ...numbers(50, from))
    const batches = await drainNow(reception)
    expect(batches.flatMap((batch) => bodies(batch.deliveries))).toEqual(numbers(500))
    expect(Math.max(...batches.map((batch) => batch.deliveries.length))).toBe(7)
  })

  it('starts at a time, inclusive to the millisecond', async () => {
    const { open, clock } = rig()
    const channel = await open(DURABLE)
    const times: number[] = []
    for (const body of numbers(5)) {
      times.push(clock.wall())
      await send(channel, body, body)
      await clock.advance(1)
    }
    const reception = await attach(channel, { start: { at: 'time', timeMs: times[2] ?? 0 } })
    expect(bodies(await pull(reception, 6))).toEqual(['2', '2', '3', '3', '4', '4'])
    const later = await attach(channel, { start: { at: 'time', timeMs: (times[2] ?? 0) + 0.5 } })
    expect(bodies(await pull(later, 4))).toEqual(['3', '3', '4', '4'])
  })

  it('resumes after a position, also one that send reported', async () => {
    const { open } = rig()
    const channel = await open(DURABLE)
    const outcomes = await send(channel, ...numbers(10))
    const reader = await attach(channel, { start: { at: 'beginning' } })
    const position = (await pull(reader, 10))[3]?.position() ?? ''
    expect(outcomes[3]).toMatchObject({ outcome: 'done' })
    const reported = outcomes[3]?.outcome === 'done' ? outcomes[3].position?.() : undefined
    expect(reported).toBe(position)
    const reception = await attach(channel, { start: { at: 'position', position } })
    expect(bodies(await pull(reception, 6))).toEqual(numbers(6, 4))
  })

  it('refuses a position of another log', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    await send(channel, 'a')
    const position = (await pull(await attach(channel, { start: { at: 'beginning' } }), 1))[0]?.position() ?? ''
    const start = { at: 'position', position } as const
    engine.delete(DURABLE.name)
    expect(await codeOf(attach(await open(DURABLE), { start }))).toBe('conflict')
    expect(await codeOf(attach(await open(DURABLE), { start: { at: 'position', position: 'x' } }))).toBe('conflict')
    engine.restart({ data: 'wipe' })
    expect(await codeOf(attach(await open(DURABLE), { start }))).toBe('conflict')
  })

  it('keeps what retention allows and tells who wanted more', async () => {
    const { open, clock } = rig({ retain: { messages: 100 } })
    const channel = await open(DURABLE)
    const first = await send(channel, '0')
    const position = (first[0]?.outcome === 'done' && first[0].position?.()) || ''
    const slow = await attach(channel)
    const since = clock.wall()
    await clock.advance(5)
    await send(channel, ...numbers(249, 1))
    const beginning = await (await attach(channel, { start: { at: 'beginning' } })).next()
    expect(bodies(beginning?.deliveries ?? [])).toEqual(numbers(100, 150))
    expect(beginning?.lost).toEqual({ reason: 'expired', count: 150 })
    const resumed = await (await attach(channel, { start: { at: 'position', position } })).next()
    expect(resumed?.lost).toEqual({ reason: 'expired', count: 149 })
    const timed = await (await attach(channel, { start: { at: 'time', timeMs: since } })).next()
    expect(timed?.lost).toEqual({ reason: 'expired' })
    expect((await slow.next())?.lost).toEqual({ reason: 'expired', count: 149 })
  })

  it('keeps to retention in bytes', async () => {
    const { open, engine } = rig({ retain: { bytes: 1_000 } })
    const channel = await open(DURABLE)
    for (let i = 0; i < 50; i++) await send(channel, 'x'.repeat(99))
    expect(engine.depths()[0]).toMatchObject({ name: 'durable', messages: 10 })
  })

  it('does not give what has expired', async () => {
    const { open, clock } = rig()
    const channel = await open(DURABLE)
    const early = await attach(channel)
    await early.next()
    await send(channel, { body: 'short', ttlMs: 100 }, { body: 'long', ttlMs: 1_000 }, 'ever')
    await clock.advance(500)
    expect(bodies(await pull(early, 2))).toEqual(['long', 'ever'])
    expect(bodies(await pull(await attach(channel, { start: { at: 'beginning' } }), 2))).toEqual(['long', 'ever'])
  })

  it('finds a rare path in a long log without stopping everybody', async () => {
    const { open } = rig()
    const spec = { ...DURABLE, params: 1 }
    const channel = await open(spec)
    const rare = { path: 'rare', body: 'found' }
    await send(channel, ...numbers(25_000).map((body) => ({ path: 'often', body })), rare)
    const reception = await attach(channel, { start: { at: 'beginning' }, paths: ['rare'] })
    expect(bodies(await pull(reception, 1))).toEqual(['found'])
  })

  it('denied `waits`, drops the oldest and says so', async () => {
    const { open } = rig()
    const channel = await open(DURABLE, { without: ['waits'] })
    const reception = await attach(channel, {}, { messages: 10, bytes: 1e6 })
    await reception.next()
    await send(channel, ...numbers(50))
    const batch = await reception.next()
    expect(batch?.lost).toEqual({ reason: 'slow', count: 40 })
    expect(bodies(batch?.deliveries ?? [])).toEqual(numbers(10, 40))
  })
})

describe('a latest topic', () => {
  it('gives one per path, then caught up, then live, with no gap and no doublet', async () => {
    const { open } = rig()
    const channel = await open(QUOTES)
    const quotes = (round: number) => numbers(300).map((path) => ({ path: `s${path}`, body: `${path}@${round}` }))
    await send(channel, ...quotes(1), ...quotes(2))
    const sending = send(channel, ...quotes(3))
    const reception = await attach(channel, { start: { at: 'latest' } }, { messages: 40, bytes: 1e6 })
    const after = send(channel, ...quotes(4))
    await Promise.all([sending, after])
    const batches = await drainNow(reception)
    const seen = batches.flatMap((batch) => bodies(batch.deliveries))
    const each = (round: number) => numbers(300).map((path) => `${path}@${round}`)
    expect(seen).toEqual([...each(3), ...each(4)])
    const snapshot = batches.findIndex((batch) => batch.caughtUp)
    const before = batches.slice(0, snapshot + 1).flatMap((batch) => bodies(batch.deliveries))
    expect(before).toEqual(expect.arrayContaining(each(3)))
  })

  it('has resume points that lose nothing within the snapshot', async () => {
    const { open } = rig()
    const channel = await open(QUOTES)
    await send(channel, ...['b', 'a', 'c', 'a', 'b'].map((path, index) => ({ path, body: `${path}${index}` })))
    const latest = await attach(channel, { start: { at: 'latest' } })
    const deliveries = await pull(latest, 3)
    expect(bodies(deliveries)).toEqual(['c2', 'a3', 'b4'])
    const position = deliveries[0]?.position() ?? ''
    expect(bodies(await pull(await attach(channel, { start: { at: 'position', position } }), 2))).toEqual(['a3', 'b4'])
  })

  it('works for live topics and with a filter', async () => {
    const { open } = rig()
    const channel = await open({ ...QUOTES, keep: 'live' })
    expect(channel.can.starts).toEqual(['now', 'latest'])
    await send(channel, { path: 'a', body: 'a1' }, { path: 'b', body: 'b1' }, { path: 'a', body: 'a2' })
    const reception = await attach(channel, { start: { at: 'latest' }, paths: ['a'] })
    expect(await reception.next()).toMatchObject({ deliveries: [{ body: 'a2' }], caughtUp: true })
    await send(channel, { path: 'b', body: 'b2' }, { path: 'a', body: 'a3' })
    expect(bodies(await pull(reception, 1))).toEqual(['a3'])
  })

  it('refuses one path too many, and takes the known ones', async () => {
    const { open } = rig({ maxPaths: 2 })
    const channel = await open(QUOTES)
    const outcomes = await send(channel, { path: 'a' }, { path: 'b' }, { path: 'c' }, { path: 'a' })
    expect(codes(outcomes)).toEqual(['done', 'done', 'refused overloaded', 'done'])
  })
})

describe('flow', () => {
  it('conflates to the newest of each path, at most so often', async () => {
    const { open, clock } = rig({ beatMs: 100_000 })
    const channel = await open(QUOTES)
    const reception = await attach(channel, {}, { messages: 100, bytes: 1e6, conflateHz: 4 })
    await reception.next()
    const given: { readonly atMs: number; readonly batch: string[] }[] = []
    const reading = (async () => {
      for (let batch = await reception.next(); batch; batch = await reception.next()) {
        given.push({ atMs: clock.now(), batch: bodies(batch.deliveries) })
      }
    })()
    for (let i = 0; i < 200; i++) {
      await send(channel, { path: 'a', body: `a${i}` }, { path: 'b', body: `b${i}` })
      await clock.advance(10)
    }
    await reception.stop(AbortSignal.abort())
    await reading
    expect(given.length).toBe(8)
    for (const { batch } of given) expect(batch.map((body) => body[0])).toEqual(['a', 'b'])
    expect(given.map(({ atMs }) => atMs % 250)).toEqual(Array(8).fill(0))
  })

  it('changes from here on, without a gap', async () => {
    const { open } = rig()
    const channel = await open(DURABLE)
    const reception = await attach(channel, {}, { messages: 10, bytes: 1e6 })
    await reception.next()
    await send(channel, ...numbers(8))
    reception.adjust({ messages: 3, bytes: 1e6 })
    await send(channel, ...numbers(8, 8))
    reception.adjust({ messages: 100, bytes: 1e6 })
    const seen = (await drainNow(reception)).flatMap((batch) => bodies(batch.deliveries))
    expect(seen).toEqual(numbers(16))
  })
})
