import type { Delivery } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { ABORTED, attach, bodies, codeOf, codes, drainNow, FLOW, JOBS, NEVER, numbers, pull, rig, send } from './rig.js'
import { settled } from './virtual-clock.js'

const ONE = { messages: 1, bytes: 1_000_000 }

async function take(reception: Parameters<typeof pull>[0]): Promise<Delivery> {
  const [delivery] = await pull(reception, 1)
  if (delivery === undefined) throw new Error('nothing came')
  return delivery
}

describe('a queue', () => {
  it('keeps jobs until somebody comes, first in, first out, each to one consumer', async () => {
    const { open, engine } = rig()
    const channel = await open(JOBS)
    await send(channel, ...numbers(20))
    const a = await attach(await open(JOBS), {}, { messages: 8, bytes: 1e6 })
    const b = await attach(await open(JOBS))
    const first = await pull(a, 8)
    const rest = await pull(b, 12)
    expect(bodies(first)).toEqual(numbers(8))
    expect(bodies(rest)).toEqual(numbers(12, 8))
    await Promise.all([...first, ...rest].map((delivery) => delivery.settle('ack')))
    expect(engine.depths()).toEqual([{ name: 'jobs', kind: 'queue', messages: 0, taken: 0, delayed: 0, receptions: 2 }])
    expect(engine.counts()).toMatchObject({ due: 0 })
  })

  it('deals in turn to consumers that wait', async () => {
    const { open } = rig()
    const channel = await open(JOBS)
    const receptions = [await attach(channel), await attach(channel), await attach(channel)]
    const pulls = receptions.map((reception) => reception.next())
    await send(channel, ...numbers(9))
    const counts = (await Promise.all(pulls)).map((batch) => batch?.deliveries.length)
    expect(counts).toEqual([3, 3, 3])
  })

  it('never has more than flow unsettled with a consumer, and frees the slot at the call of settle', async () => {
    const { open } = rig()
    const channel = await open(JOBS)
    const reception = await attach(channel, {}, { messages: 2, bytes: 1e6 })
    await send(channel, ...numbers(5))
    const [first] = await pull(reception, 2)
    const next = reception.next()
    expect(await Promise.race([next, settled()])).toBeUndefined()
    void first?.settle('ack')
    expect(bodies((await next)?.deliveries ?? [])).toEqual(['2'])
  })

  it('bounds a consumer in bytes too, and gives it one in any case', async () => {
    const { open } = rig()
    const channel = await open(JOBS)
    const reception = await attach(channel, {}, { messages: 100, bytes: 10 })
    await send(channel, 'x'.repeat(50), 'x'.repeat(50))
    expect((await reception.next())?.deliveries.length).toBe(1)
  })

  it('moves a job to another consumer when its lease ends, at the front, with the attempt counted', async () => {
    const { open, clock } = rig()
    const channel = await open(JOBS)
    await send(channel, 'a', 'b')
    const slow = await attach(channel, {}, ONE)
    const late = await take(slow)
    await clock.advance(999)
    expect(late.held).toBe(true)
    await clock.advance(1)
    expect(late.held).toBe(false)
    expect(await codeOf(late.settle('ack'))).toBe('conflict')
    expect(await codeOf(late.extend())).toBe('conflict')
    const deliveries = await pull(await attach(channel), 2)
    expect(deliveries.map(({ body, attempt }) => [body, attempt])).toEqual([
      ['a', 2],
      ['b', 1],
    ])
  })

  it('is not held any more at the moment the lease ends, though no timer has fired yet', async () => {
    const { open, clock } = rig()
    const channel = await open(JOBS)
    await send(channel, 'a')
    const delivery = await take(await attach(channel))
    clock.stall(1_000)
    expect(delivery.held).toBe(false)
    expect(await codeOf(delivery.settle('ack'))).toBe('conflict')
  })

  it('keeps a job as long as its consumer extends', async () => {
    const { open, clock } = rig()
    const channel = await open(JOBS)
    await send(channel, 'a')
    const delivery = await take(await attach(channel))
    for (let i = 0; i < 5; i++) {
      await clock.advance(900)
      await delivery.extend()
    }
    expect(delivery.held).toBe(true)
    await delivery.settle('ack')
    expect(await codeOf(delivery.settle('ack'))).toBe('conflict')
    expect(await codeOf(delivery.extend())).toBe('conflict')
  })

  it('brings a job back after retryMs, to the millisecond, with its bytes', async () => {
    const { open, clock } = rig()
    const channel = await open(JOBS)
    await send(channel, { id: 'x.1', body: new Uint8Array([0, 255]), headers: ['a', '', 'a', 'ü'] })
    const reception = await attach(channel)
    await (await take(reception)).settle({ retryMs: 5_000 })
    const next = pull(reception, 1)
    let atMs = -1
    void next.then(() => {
      atMs = clock.now()
    })
    await clock.advance(10_000)
    expect(atMs).toBe(5_000)
    const [again] = await next
    expect(again).toMatchObject({ id: 'x.1', attempt: 2, body: new Uint8Array([0, 255]) })
    expect(again?.headers()).toEqual(['a', '', 'a', 'ü'])
  })

  it('gives a delayed job when it is due, and queues it up then', async () => {
    const { open, clock, engine } = rig()
    const channel = await open(JOBS)
    await send(channel, { body: 'later', delayMs: 500 }, 'now')
    expect(engine.depths()[0]).toMatchObject({ messages: 2, delayed: 1 })
    const reception = await attach(channel)
    expect((await take(reception)).body).toBe('now')
    await clock.advance(499)
    await send(channel, 'before')
    await clock.advance(1)
    expect(bodies(await pull(reception, 2))).toEqual(['before', 'later'])
  })

  it('drops what nobody took in time, also after a give-back, and lets who has it finish', async () => {
    const { open, clock, engine } = rig()
    const channel = await open(JOBS)
    await send(channel, { body: 'a', ttlMs: 100 }, { body: 'b', ttlMs: 100 }, { body: 'c', ttlMs: 100, delayMs: 200 })
    const reception = await attach(channel, {}, ONE)
    const a = await take(reception)
    await clock.advance(200)
    expect(engine.depths()[0]).toMatchObject({ messages: 1, taken: 1 })
    await a.settle('ack')
    expect(await drainNow(reception)).toEqual([])

    await send(channel, { body: 'd', ttlMs: 100 })
    const other = await attach(channel, {}, ONE)
    await reception.stop(ABORTED)
    const d = await take(other)
    await clock.advance(150)
    await d.settle({ retryMs: 0 })
    await clock.advance(1)
    expect(engine.depths()[0]).toMatchObject({ messages: 0 })
  })

  it('gives back what a stopping consumer had, when it settles or when its signal aborts', async () => {
    const { open } = rig()
    const channel = await open(JOBS)
    await send(channel, ...numbers(8))
    const a = await attach(channel, {}, { messages: 4, bytes: 1e6 })
    const [first, second, ...others] = await pull(a, 4)
    const abort = new AbortController()
    let stopped = false
    const stopping = a.stop(abort.signal).then(() => {
      stopped = true
    })
    expect(await a.next()).toBeUndefined()
    await first?.settle('ack')
    await second?.settle('ack')
    expect(stopped).toBe(false)
    abort.abort()
    await stopping
    expect(others.map((one) => one.held)).toEqual([false, false])
    const b = await pull(await attach(channel), 6)
    expect(b.map(({ body, attempt }) => `${body}/${attempt}`)).toEqual(['2/2', '3/2', '4/1', '5/1', '6/1', '7/1'])
  })

  it('keeps attempts across consumers that vanish', async () => {
    const { connect, open } = rig()
    await send(await open(JOBS), 'a')
    for (let run = 1; run <= 4; run++) {
      const link = await connect()
      const delivery = await take(await attach(await link.open(JOBS, NEVER)))
      expect(delivery.attempt).toBe(run)
      await link.close(ABORTED)
      expect(delivery.held).toBe(false)
      expect(await codeOf(delivery.settle('ack'))).toBe('conflict')
    }
  })

  it('works on one job of a key at a time, in order, through retries and lost consumers', async () => {
    const { open, clock, connect } = rig()
    const spec = { ...JOBS, params: 1 }
    const channel = await open(spec)
    await send(channel, ...numbers(4).map((body) => ({ path: 'k', body })), { path: 'other', key: 'k', body: '4' })
    await send(channel, { path: 'z', body: 'free' })
    const link = await connect()
    const gone = await attach(await link.open(spec, NEVER))
    expect(bodies(await pull(gone, 2))).toEqual(['0', 'free'])
    const reception = await attach(channel)
    expect(await drainNow(reception)).toEqual([])
    await reception.stop(ABORTED)
    await link.close(ABORTED)

    const other = await attach(channel)
    const seen: string[] = []
    let retried = false
    const work = (async () => {
      for (let batch = await other.next(); batch; batch = await other.next()) {
        for (const delivery of batch.deliveries) {
          seen.push(String(delivery.body))
          if (delivery.body === '1' && !retried) {
            retried = true
            await delivery.settle({ retryMs: 500 })
          } else {
            await delivery.settle('ack')
          }
        }
      }
    })()
    await clock.advance(1_000)
    await other.stop(ABORTED)
    await work
    expect(seen.filter((body) => body !== 'free')).toEqual(['0', '1', '1', '2', '3', '4'])
  })

  it('filters for a consumer and leaves the rest to others', async () => {
    const { open } = rig()
    const spec = { ...JOBS, params: 1 }
    const channel = await open(spec)
    await send(channel, ...['eu', 'us', 'eu', 'ap'].map((path, at) => ({ path, body: `${path}${at}`, key: `k${at}` })))
    expect(bodies(await pull(await attach(channel, { paths: ['eu'] }), 2))).toEqual(['eu0', 'eu2'])
    expect(bodies(await pull(await attach(channel, { paths: ['*'] }), 2))).toEqual(['us1', 'ap3'])
  })

  it('shows its jobs untouched', async () => {
    const { open, engine } = rig()
    const channel = await open(JOBS)
    await send(channel, { id: 'a', body: 'A', headers: ['h', '1'] }, { id: 'b', delayMs: 500 }, { id: 'c' })
    await take(await attach(channel, {}, ONE))
    const seen = engine.peek('jobs', 10).map(({ id, state, attempts }) => `${id} ${state} ${attempts}`)
    expect(seen).toEqual(['a taken 1', 'b later 0', 'c waiting 0'])
    expect(engine.peek('jobs', 1)).toMatchObject([{ body: 'A', headers: ['h', '1'] }])
    expect(engine.peek('nothing', 1)).toEqual([])
  })

  it('refuses one job too many', async () => {
    const { open } = rig({ maxJobs: 2 })
    expect(codes(await send(await open(JOBS), 'a', 'b', 'c'))).toEqual(['done', 'done', 'refused overloaded'])
  })

  it('settles only as its channel can', async () => {
    const { open } = rig()
    const channel = await open(JOBS, { without: ['retries', 'extends', 'counts'] })
    await send(channel, 'a')
    const delivery = await take(await attach(channel, {}, FLOW))
    expect(await codeOf(delivery.settle({ retryMs: 5 }))).toBe('capability')
    expect(await codeOf(delivery.extend())).toBe('capability')
    expect(await codeOf(delivery.settle({ body: 'answer' }))).toBe('invalid')
    expect(delivery.attempt).toBe(1)
    await delivery.settle('ack')
  })
})
