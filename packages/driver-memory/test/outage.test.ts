import { MessagingError, type SendOutcome, type Start } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { memory } from '../src/index.js'
import {
  ABORTED,
  attach,
  bodies,
  codeOf,
  codes,
  connectOptions,
  DURABLE,
  drainNow,
  FLOW,
  JOBS,
  LIVE,
  NEVER,
  numbers,
  PRICE,
  pull,
  rig,
  send,
  sendOpen,
} from './rig.js'
import { settled } from './virtual-clock.js'

function errorOf(outcome: SendOutcome | undefined): MessagingError | undefined {
  return outcome !== undefined && outcome.outcome !== 'done' ? outcome.error : undefined
}

describe('kill', () => {
  it('reports a thousand open sends as unknown, with one error, before the link ends', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    await attach(await open(PRICE))
    const requests = sendOpen(await open(PRICE), 'x')
    await settled()
    const sending = sendOpen(channel, ...numbers(1_000))
    let reportedAtEnd = 0
    const ended = channel.link.ended.then((end) => {
      reportedAtEnd = sending.counts.reduce((sum, count) => sum + count, 0)
      return end
    })
    engine.kill()
    expect(await ended).toMatchObject({ by: 'engine', error: { code: 'unavailable', scope: 'link' } })
    expect(reportedAtEnd).toBe(1_000)
    expect(new Set(sending.counts)).toEqual(new Set([1]))
    expect(new Set(codes(sending.outcomes))).toEqual(new Set(['unknown outcome-unknown']))
    expect(new Set(sending.outcomes.map(errorOf)).size).toBe(1)
    expect(codes(requests.outcomes)).toEqual(['unknown outcome-unknown'])
    expect(engine.counts()).toMatchObject({ links: 0, receptions: 0, due: 0 })
  })

  it('settles everything that waits, and answers later calls at once', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    const reception = await attach(channel)
    await reception.next()
    const order: string[] = []
    const note = (name: string) => () => void order.push(name)
    const next = reception.next().then(note('next'))
    engine.hang()
    const waits = [
      channel.link.open(LIVE, NEVER).catch(note('open')),
      channel.receive({}, FLOW, NEVER).catch(note('receive')),
      channel.link.probe(NEVER).catch(note('probe')),
      channel.probe(NEVER).catch(note('channel probe')),
    ]
    const ended = channel.link.ended.then(note('ended'))
    engine.kill()
    await Promise.all([...waits, next, ended])
    expect(order).toEqual(['next', 'open', 'receive', 'probe', 'channel probe', 'ended'])
    expect(await reception.next()).toBeUndefined()
    expect(await codeOf(channel.link.open(LIVE, NEVER))).toBe('unavailable')
    expect(await codeOf(channel.link.probe(NEVER))).toBe('unavailable')
    expect(await codeOf(attach(channel))).toBe('unavailable')
    expect(codes(await send(channel, 'late'))).toEqual(['unsent unavailable'])
    await channel.link.close(NEVER)
  })

  it('refuses connecting until the engine is restarted', async () => {
    const { connect, engine } = rig()
    engine.kill()
    expect(engine.state).toBe('dead')
    expect(await codeOf(connect())).toBe('unavailable')
    engine.restart({ data: 'keep' })
    await (await connect()).probe(NEVER)
  })

  it('from within a report ends the batch there, each message reported once', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    const outcomes: string[] = []
    channel.send(
      numbers(5).map((body) => ({ path: '', body })),
      (index, { outcome }) => {
        outcomes[index] = `${outcomes[index] ?? ''}${outcome}`
        if (index === 1) engine.restart({ data: 'keep' })
      },
    )
    await channel.link.ended
    await settled()
    expect(outcomes).toEqual(['done', 'done', 'unknown', 'unknown', 'unknown'])
    const reader = await attach(await open(DURABLE), { start: { at: 'beginning' } })
    expect((await drainNow(reader)).flatMap((batch) => bodies(batch.deliveries))).toEqual(['0', '1'])
  })

  it('returns what was unsettled; what was settled stays settled', async () => {
    const { open, engine } = rig()
    const channel = await open(JOBS)
    await send(channel, ...numbers(4), { body: 'later', delayMs: 700 })
    const deliveries = await pull(await attach(channel), 4)
    await deliveries[0]?.settle('ack')
    await deliveries[2]?.settle('ack')
    engine.restart({ data: 'keep' })
    expect(await codeOf(deliveries[1]?.settle('ack') ?? Promise.resolve())).toBe('conflict')
    const again = await pull(await attach(await open(JOBS)), 2)
    expect(again.map(({ body, attempt }) => `${body}/${attempt}`)).toEqual(['1/2', '3/2'])
  })

  it('rolled back, forgets the newest of each topic and gives their positions to others', async () => {
    const { open, engine } = rig()
    const board = { ...DURABLE, name: 'board', latest: true } as const
    await send(await open(board), ...numbers(5))
    const before = await pull(await attach(await open(board), { start: { at: 'beginning' } }), 5)
    engine.restart({ data: 2 })
    const channel = await open(board)
    const read = async (start: Start) =>
      (await drainNow(await attach(channel, { start }))).flatMap((batch) => batch.deliveries)
    expect(bodies(await read({ at: 'beginning' }))).toEqual(['0', '1', '2'])
    expect(bodies(await read({ at: 'latest' }))).toEqual(['2'])
    expect(await codeOf(attach(channel, { start: { at: 'position', position: before[4]?.position() ?? '' } }))).toBe(
      'conflict',
    )
    await send(channel, 'new', 'newer')
    const after = await read({ at: 'beginning' })
    expect(bodies(after)).toEqual(['0', '1', '2', 'new', 'newer'])
    expect(after.map((one) => one.position())).toEqual(before.map((one) => one.position()))
  })

  it('goes on with delays and leases after a restart, also with those that ended meanwhile', async () => {
    const { open, engine, clock } = rig()
    await send(await open(JOBS), { body: 'a', delayMs: 500 }, { body: 'b', delayMs: 1_500 })
    engine.kill()
    await clock.advance(1_000)
    engine.restart({ data: 'keep' })
    const reception = await attach(await open(JOBS))
    expect(bodies(await pull(reception, 1))).toEqual(['a'])
    await clock.advance(500)
    expect(bodies(await pull(reception, 1))).toEqual(['b'])
  })
})

describe('restart', () => {
  it('keeps the log and its positions with `keep`, and nothing with `wipe`', async () => {
    const { open, engine } = rig()
    const [stored] = await send(await open(DURABLE), 'a', 'b')
    const position = (stored?.outcome === 'done' && stored.position?.()) || ''
    engine.restart({ data: 'keep' })
    const start = { at: 'position', position } as const
    expect(bodies(await pull(await attach(await open(DURABLE), { start }), 1))).toEqual(['b'])
    engine.restart({ data: 'wipe' })
    expect(engine.depths()).toEqual([])
    const channel = await open(DURABLE)
    expect(await codeOf(attach(channel, { start }))).toBe('conflict')
    expect(await (await attach(channel, { start: { at: 'beginning' } })).next()).toEqual({
      deliveries: [],
      caughtUp: true,
    })
  })
})

describe('hang', () => {
  it('keeps sends open, then takes them in order', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    const reception = await attach(await open(DURABLE))
    await reception.next()
    engine.hang()
    expect(engine.state).toBe('hung')
    const body = new Uint8Array([1])
    const sending = sendOpen(channel, { body }, 'b', 'c')
    await settled()
    expect(codes(sending.outcomes)).toEqual(['open', 'open', 'open'])
    sending.cancel(0)
    sending.cancel(1)
    body.fill(9)
    expect(codes(sending.outcomes)).toEqual(['unknown outcome-unknown', 'unknown outcome-unknown', 'open'])
    engine.heal()
    const deliveries = await pull(reception, 3)
    expect(deliveries.map((delivery) => delivery.body)).toEqual([new Uint8Array([1]), 'b', 'c'])
    expect(codes(sending.outcomes).at(2)).toBe('done')
    expect(sending.counts).toEqual([1, 1, 1])
  })

  it('freezes what was sent in the same turn', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    const body = new Uint8Array([1])
    const sending = sendOpen(channel, { body })
    engine.hang()
    sending.cancel()
    body.fill(9)
    expect(codes(sending.outcomes)).toEqual(['unknown outcome-unknown'])
    engine.heal()
    const [delivery] = await pull(await attach(channel, { start: { at: 'beginning' } }), 1)
    expect(delivery?.body).toEqual(new Uint8Array([1]))
  })

  it('holds so many messages; the next are unsent', async () => {
    const { open, engine } = rig({ maxInbox: 3 })
    const channel = await open(LIVE)
    engine.hang()
    expect(codes(sendOpen(channel, 'a', 'b').outcomes)).toEqual(['open', 'open'])
    expect(codes(sendOpen(channel, 'c', 'd').outcomes)).toEqual(['unsent overloaded', 'unsent overloaded'])
    engine.heal()
    await settled()
    expect(codes(await send(channel, 'a', 'b', 'c', 'd'))).toEqual(Array(4).fill('done'))
    engine.hang()
    expect(codes(sendOpen(channel, 'a', 'b', 'c').outcomes)).toEqual(Array(3).fill('open'))
  })

  it('lets probes, opens and connects wait until their signal aborts, and leaves nothing behind', async () => {
    const { open, engine, connect } = rig()
    const channel = await open(DURABLE)
    engine.hang()
    const abort = new AbortController()
    const link = memory(engine).connect(['m'], connectOptions(), abort.signal)
    const waits = [link, channel.link.probe(abort.signal), channel.link.open(JOBS, abort.signal)]
    const attaching = channel.receive({}, FLOW, abort.signal)
    await settled()
    abort.abort()
    for (const wait of [...waits, attaching]) expect(await codeOf(wait)).toBe('canceled')
    const late = codeOf(channel.link.probe(AbortSignal.timeout(1)))
    expect(await late).toBe('timeout')
    engine.heal()
    await (await connect()).close(NEVER)
    expect(engine.counts()).toMatchObject({ links: 1, receptions: 0, channels: 1 })
  })

  it('gives no beats; healed it gives them again', async () => {
    const { open, engine, clock } = rig()
    for (const spec of [LIVE, DURABLE, JOBS]) {
      const reception = await attach(await open(spec))
      await drainNow(reception)
      await clock.advance(500)
      const beat = reception.next()
      await clock.advance(500)
      expect(await Promise.race([beat, settled()])).toEqual({ deliveries: [] })
      engine.hang()
      const silent = reception.next()
      await clock.advance(5_000)
      expect(await Promise.race([silent, settled()])).toBeUndefined()
      engine.heal()
      await clock.advance(500)
      expect(await silent).toEqual({ deliveries: [] })
    }
  })

  it('settles when healed what was settled meanwhile, or says that the link ended first', async () => {
    const { open, engine } = rig()
    const channel = await open(JOBS)
    await send(channel, 'a', 'b')
    const [a, b] = await pull(await attach(channel), 2)
    engine.hang()
    const settling = a?.settle('ack')
    await settled()
    engine.heal()
    await settling
    engine.hang()
    const lost = codeOf(b?.settle('ack') ?? Promise.resolve())
    await channel.link.close(ABORTED)
    expect(await lost).toBe('outcome-unknown')
    engine.heal()
    expect(bodies(await pull(await attach(await open(JOBS)), 1))).toEqual(['b'])
  })

  it('moves no job while it hangs, and when healed only one whose lease is over', async () => {
    const { open, engine, clock } = rig()
    const channel = await open(JOBS)
    await send(channel, 'a', 'b')
    const [a, b] = await pull(await attach(channel, {}, { messages: 2, bytes: 1e6 }), 2)
    const other = await attach(await open(JOBS))
    const next = pull(other, 1)
    await clock.advance(600)
    await b?.extend()
    engine.hang()
    await clock.advance(600)
    expect(await Promise.race([next, settled()])).toBeUndefined()
    expect([a?.held, b?.held]).toEqual([false, true])
    engine.heal()
    expect(bodies(await next)).toEqual(['a'])
    await b?.settle('ack')
  })

  it('obeys the signal of close, and what was sent before is taken when healed', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    engine.hang()
    const sending = sendOpen(channel, 'a')
    const abort = new AbortController()
    const closing = channel.link.close(abort.signal)
    await settled()
    expect(codes(sending.outcomes)).toEqual(['open'])
    abort.abort()
    await closing
    expect(await channel.link.ended).toEqual({ by: 'us' })
    expect(codes(sending.outcomes)).toEqual(['unknown outcome-unknown'])
    engine.heal()
    expect(bodies(await pull(await attach(await open(DURABLE), { start: { at: 'beginning' } }), 1))).toEqual(['a'])
    expect(sending.counts).toEqual([1])
  })
})

describe('close', () => {
  it('writes out what was sent before, ends as ours, twice is once', async () => {
    const { open } = rig()
    const channel = await open(DURABLE)
    const sending = sendOpen(channel, ...numbers(100))
    const closing = [channel.link.close(NEVER), channel.link.close(NEVER)]
    await Promise.all(closing)
    expect(codes(sending.outcomes)).toEqual(Array(100).fill('done'))
    expect(await channel.link.ended).toEqual({ by: 'us' })
    expect(codes(await send(channel, 'late'))).toEqual(['unsent closed'])
  })

  it('at once says unsent for what the engine has not got', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    const sending = sendOpen(channel, 'a', 'b')
    await channel.link.close(ABORTED)
    expect(codes(sending.outcomes)).toEqual(['unsent closed', 'unsent closed'])
    await settled()
    expect(engine.depths()[0]).toMatchObject({ messages: 0 })
  })
})

describe('one ill channel', () => {
  it('stalled, keeps its own sends, settles and probes open while others go on', async () => {
    const { open, engine } = rig()
    const ill = await open(DURABLE)
    const well = await open(LIVE)
    const reception = await attach(ill)
    await reception.next()
    engine.fault('durable', 'stalled')
    const sending = sendOpen(ill, 'a')
    expect(codes(await send(well, 'x'))).toEqual(['done'])
    await ill.link.probe(NEVER)
    const probe = ill.probe(NEVER)
    expect(await Promise.race([probe, settled().then(() => 'open')])).toBe('open')
    expect(codes(sending.outcomes)).toEqual(['open'])
    engine.cure('durable')
    await probe
    expect(bodies(await pull(reception, 1))).toEqual(['a'])
    expect(codes(sending.outcomes)).toEqual(['done'])
  })

  it('stalled, hands out nothing and gives no beats', async () => {
    const { open, engine, clock } = rig()
    const jobs = await open(JOBS)
    await send(jobs, 'a')
    engine.fault('jobs', 'stalled')
    const abort = new AbortController()
    const attaching = jobs.receive({}, FLOW, abort.signal)
    expect(await Promise.race([attaching, settled().then(() => 'open')])).toBe('open')
    engine.cure('jobs')
    const reception = await attaching
    engine.fault('jobs', 'stalled')
    const next = reception.next()
    await clock.advance(5_000)
    expect(await Promise.race([next, settled().then(() => 'open')])).toBe('open')
    engine.cure('jobs')
    expect(bodies((await next)?.deliveries ?? [])).toEqual(['a'])
  })

  it('stalled, is unknown when the engine dies', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    engine.fault('durable', 'stalled')
    const sending = sendOpen(channel, 'a')
    engine.restart({ data: 'keep' })
    expect(codes(sending.outcomes)).toEqual(['unknown outcome-unknown'])
    engine.cure('durable')
    await settled()
    expect(engine.depths()[0]).toMatchObject({ messages: 0 })
  })

  it('stalled, then deleted, tells those who wait that it is gone', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    engine.fault('durable', 'stalled')
    const sending = sendOpen(channel, 'a')
    const probing = codeOf(channel.probe(NEVER))
    engine.delete('durable')
    expect(await probing).toBe('not-found')
    expect(codes(sending.outcomes)).toEqual(['refused not-found'])
  })

  it('leaderless, refuses sends and probes with channel scope', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    engine.fault('durable', 'leaderless')
    const [outcome] = await send(channel, 'a')
    expect(errorOf(outcome)).toMatchObject({ code: 'unavailable', scope: 'channel', retryable: true })
    expect(await codeOf(channel.probe(NEVER))).toBe('unavailable')
    engine.cure('durable')
    await channel.probe(NEVER)
  })

  it('deleted or forbidden, fails its receptions once, and nothing else', async () => {
    for (const [hurt, code] of [
      ['delete', 'not-found'],
      ['revoke', 'forbidden'],
    ] as const) {
      const { open, engine } = rig()
      const channel = await open(LIVE)
      const other = await attach(await open(DURABLE))
      const waiting = await attach(channel)
      const idle = await attach(channel)
      await waiting.next()
      const next = waiting.next()
      engine[hurt]('live')
      expect(await codeOf(next)).toBe(code)
      expect(await waiting.next()).toBeUndefined()
      const error: unknown = await idle.next().catch((cause: unknown) => cause)
      expect(MessagingError.is(error) && error.scope).toBe('channel')
      expect(await idle.next()).toBeUndefined()
      expect(codes(await send(channel, 'x'))).toEqual([`refused ${code}`])
      expect(await other.next()).toMatchObject({ caughtUp: true })
      expect(engine.counts().receptions).toBe(1)
      engine.permit('live')
      expect(codes(await send(await open(LIVE), 'x'))).toEqual(['done'])
    }
  })

  it("gives a forbidden consumer's jobs to nobody until it is permitted", async () => {
    const { open, engine } = rig()
    const channel = await open(JOBS)
    await send(channel, 'a')
    const [delivery] = await pull(await attach(channel), 1)
    engine.revoke('jobs')
    expect(delivery?.held).toBe(false)
    expect(await codeOf(open(JOBS))).toBe('forbidden')
    engine.permit('jobs')
    expect((await pull(await attach(await open(JOBS)), 1))[0]?.attempt).toBe(2)
  })
})

describe('drain and cut', () => {
  it('announces, works on, and ends the links when the time is over', async () => {
    const { open, engine, clock, connect } = rig()
    const channel = await open(DURABLE)
    engine.drain({ reason: 'update', withinMs: 1_000, elsewhere: ['b'] })
    expect(await channel.link.draining).toEqual({ reason: 'update', withinMs: 1_000, elsewhere: ['b'] })
    await clock.advance(999)
    expect(codes(await send(channel, 'a'))).toEqual(['done'])
    const later = await connect()
    await clock.advance(1)
    expect(await channel.link.ended).toMatchObject({ by: 'engine', error: { code: 'unavailable' } })
    await later.probe(NEVER)
  })

  it('cuts all links and stays up itself', async () => {
    const { connect, engine } = rig()
    const a = await connect()
    engine.cut('connection')
    expect(await a.ended).toMatchObject({ by: 'engine', error: { code: 'unavailable' } })
    const b = await connect()
    engine.cut('credentials')
    expect(await b.ended).toMatchObject({ by: 'engine', error: { code: 'unauthenticated' } })
    expect(engine.state).toBe('running')
  })
})
