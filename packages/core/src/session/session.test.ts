import { type ChannelSpec, MessagingError, type SendOutcome } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { lost, Scripted } from '../../test/scripted.js'
import { type VirtualRuntime, virtualRuntime } from '../runtime/virtual.js'
import type { SessionChange } from './listeners.js'
import { patienceOf } from './patience.js'
import { Session } from './session.js'
import { viewOf } from './site-view.js'

const orders: ChannelSpec = { kind: 'queue', name: 'orders', params: 0, leaseMs: 30_000 }
const denied = new MessagingError('unauthenticated', 'The token has expired.', { scope: 'link' })
const refused = new MessagingError('unavailable', 'Connection refused.', { scope: 'link' })
const never = new AbortController().signal

function stage(endpoints: readonly string[] = ['a'], connected = () => {}) {
  const clock: VirtualRuntime = virtualRuntime()
  let stalledMs = 0
  /** Our process stands still: no timer fires, and the clock goes on. */
  const stall = (ms: number) => {
    stalledMs += ms
  }
  const runtime: VirtualRuntime = { ...clock, now: () => clock.now() + stalledMs, advance: (ms) => clock.advance(ms) }
  Object.defineProperty(runtime, 'pending', { get: () => clock.pending })
  const engine = new Scripted(runtime)
  let clients = 0
  const session = new Session({
    site: 'frankfurt',
    driver: {
      ...engine.driver,
      async connect(...how) {
        const link = await engine.driver.connect(...how)
        connected()
        return link
      },
    },
    endpoints,
    credentials: async () => ({ by: 'token', token: 't' }),
    missing: 'create',
    nonce: 'nonce',
    clientId: () => `client-${++clients}`,
    runtime,
    patience: patienceOf({}, 'health'),
  })
  const trail: string[] = []
  session.onChange((change: SessionChange) => {
    if ('channel' in change) trail.push(`#${change.channel.name}`)
    else if (change.from.at !== change.to.at) trail.push(change.to.at)
  })
  return { runtime, stall, engine, session, trail }
}

async function up(endpoints?: readonly string[]) {
  const stood = stage(endpoints)
  stood.session.start()
  await stood.runtime.advance(5)
  expect(stood.session.state.at).toBe('up')
  return stood
}

describe('a session', () => {
  it('dials when started, once, and is up with a measured round trip', async () => {
    const { runtime, engine, session, trail } = stage()
    session.start()
    session.start()
    expect(session.state.at).toBe('dialing')
    expect(trail).toEqual([])
    await runtime.advance(5)
    expect(session.state).toMatchObject({ at: 'up', endpoint: 'a', attempt: 1, since: 1, rttMs: 1 })
    expect(trail).toEqual(['dialing', 'up'])
    expect(engine.dials.map(({ options }) => options.client)).toEqual(['client-1'])
    expect(engine.dials[0]?.options).toMatchObject({ nonce: 'nonce', missing: 'create' })
    expect(await engine.dials[0]?.options.credentials(never)).toEqual({ by: 'token', token: 't' })
  })

  it('dials again within 250 ms when the link ends, under another client name', async () => {
    const { runtime, engine, session, trail } = await up()
    engine.link.kill()
    await runtime.advance(0)
    expect(session.link).toBeUndefined()
    expect(session.state).toMatchObject({ at: 'waiting', cause: lost })
    await runtime.advance(255)
    expect(session.state).toMatchObject({ at: 'up', attempt: 2 })
    expect(trail).toEqual(['dialing', 'up', 'waiting', 'dialing', 'up'])
    expect(engine.dials.map(({ options }) => options.client)).toEqual(['client-1', 'client-2'])
  })

  it('tries the endpoint that it lost last', async () => {
    const { runtime, engine, session } = await up(['a', 'b', 'c'])
    for (let round = 0; round < 20; round++) {
      const left = engine.link.endpoint
      engine.link.kill()
      await runtime.advance(31_000)
      expect(session.state.at).toBe('up')
      expect(engine.link.endpoint).not.toBe(left)
    }
  })

  it('backs off from a site that accepts and drops', async () => {
    const { runtime, engine } = await up()
    for (let second = 0; second < 600; second++) {
      await runtime.advance(1_000)
      engine.open[0]?.kill()
    }
    expect(engine.dials.length).toBeGreaterThan(20)
    expect(engine.dials.length).toBeLessThan(80)
  })

  it('comes back from ten minutes of outage within the backoff’s cap, and starts over after 30 s', async () => {
    const { runtime, engine, session } = await up()
    engine.behave('a', { does: 'fail', error: refused, afterMs: 1 })
    engine.link.kill()
    await runtime.advance(600_000)
    expect(session.state.at).toMatch(/waiting|dialing/)
    expect(engine.dials.length).toBeLessThan(100)
    engine.behave('a', { does: 'accept', afterMs: 1 })
    await runtime.advance(30_001)
    expect(session.state.at).toBe('up')
    await runtime.advance(30_000)
    engine.link.kill()
    await runtime.advance(251)
    expect(session.state).toMatchObject({ at: 'up', attempt: 1 })
  })

  it('asks a site that refuses its credentials slowly, and comes up when they are right', async () => {
    const { runtime, engine, session } = stage()
    engine.behave('a', { does: 'fail', error: denied, afterMs: 1 })
    session.start()
    await runtime.advance(120_000)
    expect(session.state).toMatchObject({
      at: 'disabled',
      cause: {
        code: 'unauthenticated',
        message: expect.stringMatching(/^frankfurt .*expired.*sites.frankfurt.credentials/),
      },
    })
    expect(engine.dials.length).toBeGreaterThanOrEqual(4)
    expect(engine.dials.length).toBeLessThanOrEqual(9)
    engine.behave('a', { does: 'accept', afterMs: 1 })
    await runtime.advance(30_001)
    expect(session.state.at).toBe('up')
  })

  it('dials at once when told that the network is back', async () => {
    const { runtime, engine, session } = stage()
    engine.behave('a', { does: 'fail', error: denied, afterMs: 1 })
    session.start()
    await runtime.advance(2)
    engine.behave('a', { does: 'accept', afterMs: 1 })
    session.retryNow()
    await runtime.advance(1)
    expect(session.state.at).toBe('up')
    session.retryNow()
    expect(session.state.at).toBe('up')
  })

  it('starts a dial into the void over, and drops the old one', async () => {
    const { runtime, engine, session } = stage()
    engine.behave('a', { does: 'hang' })
    session.start()
    await runtime.advance(2_000)
    engine.behave('a', { does: 'accept', afterMs: 1 })
    session.retryNow()
    expect(engine.dials[0]?.signal.aborted).toBe(true)
    await runtime.advance(1)
    expect(session.state).toMatchObject({ at: 'up', attempt: 1 })
    expect(engine.open).toHaveLength(1)
  })

  it('moves from a draining link to another endpoint, and closes the old one when nothing is left on it', async () => {
    const { runtime, engine, session, trail } = await up(['a', 'b'])
    const [old] = engine.links
    const sent: SendOutcome[] = []
    session.channel(orders)
    await runtime.advance(1)
    const place = session.channel(orders)
    if (place.at === 'open') place.sender.send({ path: '', body: '1' }, 1, (outcome) => sent.push(outcome))
    await runtime.advance(1)
    old?.drain({ reason: 'the server is being updated' })
    await runtime.advance(1)
    expect(session.state).toMatchObject({ at: 'up', endpoint: engine.link.endpoint })
    expect(engine.link).not.toBe(old)
    await runtime.advance(1_000)
    expect([old?.isOpen, sent]).toEqual([true, []])
    old?.channels[0]?.batches[0]?.report(0, { outcome: 'done' })
    await runtime.advance(25)
    expect([old?.isOpen, sent]).toEqual([false, [{ outcome: 'done' }]])
    expect(trail).toEqual(['dialing', 'up', '#orders', 'draining', 'up'])
  })

  it('gives up what nobody answers on the link that it left, and cuts it at once when it is closed itself', async () => {
    for (const closes of [false, true]) {
      const { runtime, engine, session } = await up(['a', 'b'])
      const [old] = engine.links
      session.channel(orders)
      await runtime.advance(1)
      const place = session.channel(orders)
      if (place.at === 'open') place.sender.send({ path: '', body: '1' }, 1, () => {})
      old?.drain({ reason: 'the server is being updated' })
      await runtime.advance(9_000)
      expect(old?.isOpen).toBe(true)
      if (closes) void session.close(AbortSignal.abort())
      await runtime.advance(closes ? 25 : 1_100)
      expect(old?.isOpen).toBe(false)
    }
  })

  it('uses a draining link until it ends where no other endpoint answers', async () => {
    const { runtime, engine, session, trail } = await up(['a', 'b'])
    const { link } = session
    for (const endpoint of ['a', 'b']) engine.behave(endpoint, { does: 'fail', error: lost, afterMs: 1 })
    engine.link.drain({ reason: 'the server is being updated', withinMs: 10_000 })
    await runtime.advance(1)
    expect(session.state).toMatchObject({ at: 'draining', notice: { reason: 'the server is being updated' } })
    await runtime.advance(1)
    for (const endpoint of ['a', 'b']) engine.behave(endpoint, { does: 'accept', afterMs: 1 })
    expect(session.link).toBe(link)
    expect(session.channel(orders).at).toBe('opening')
    await runtime.advance(10_000)
    engine.link.kill()
    await runtime.advance(300)
    expect(trail).toEqual(['dialing', 'up', 'draining', '#orders', 'waiting', 'dialing', 'up'])
  })

  it('leaves for a while without a trace of failure, and comes back when started', async () => {
    for (const passed of [0, 5, 40_000]) {
      const { runtime, engine, session } = stage()
      if (passed > 5) engine.behave('a', { does: 'fail', error: refused, afterMs: 1 })
      session.start()
      await runtime.advance(passed)
      await session.suspend()
      expect(session.state).toEqual({ at: 'idle' })
      expect(session.channel(orders)).toEqual({ at: 'none' })
      await runtime.advance(600_000)
      expect(engine.open).toEqual([])
      expect(runtime.pending).toBe(0)
      engine.behave('a', { does: 'accept', afterMs: 1 })
      session.start()
      await runtime.advance(5)
      expect(session.state).toMatchObject({ at: 'up', attempt: 1 })
    }
  })

  it('closes the link by the grace it was given, and leaves nothing', async () => {
    const { runtime, engine, session, trail } = await up()
    session.channel(orders)
    const grace = new AbortController().signal
    await Promise.all([session.close(grace), session.close(never)])
    expect(engine.link.closes).toEqual([grace])
    await runtime.advance(0)
    expect(session.state).toEqual({ at: 'closed' })
    expect(session.channel(orders)).toEqual({ at: 'none' })
    session.start()
    session.retryNow()
    await runtime.advance(120_000)
    expect(trail).toEqual(['dialing', 'up', 'closed'])
    expect(engine.dials).toHaveLength(1)
    expect(runtime.pending).toBe(0)
  })

  it('closes a link that comes through after all is over', async () => {
    const { runtime, engine, session } = stage()
    engine.behave('a', { does: 'accept', afterMs: 1_000, deaf: true })
    session.start()
    await runtime.advance(999)
    const coming = session.close(never)
    await runtime.advance(1)
    await coming
    expect(engine.links).toHaveLength(1)
    expect(engine.open).toEqual([])
  })

  it('closes a link that comes through in the very turn in which it is closed', async () => {
    for (let hops = 0; hops < 20; hops++) {
      const { runtime, engine, session } = stage(['a'], () => {
        let after = Promise.resolve()
        for (let hop = 0; hop < hops; hop++) after = after.then(() => {})
        void after.then(() => session.close(never))
      })
      session.start()
      await runtime.advance(10)
      expect(session.state.at).toBe('closed')
      expect(engine.links).toHaveLength(1)
      expect(engine.open).toEqual([])
    }
  })

  it('is not disturbed by the late end of the link before', async () => {
    const { runtime, engine, session } = await up()
    engine.closeMs = 500
    void session.suspend()
    session.start()
    await runtime.advance(5)
    const { state } = session
    expect(state.at).toBe('up')
    await runtime.advance(900)
    expect(engine.open).toHaveLength(1)
    expect(session.state).toBe(state)
  })

  it('leaves nothing when closed while dialing or waiting', async () => {
    for (const passed of [0, 300, 3_000, 3_100]) {
      const { runtime, engine, session } = stage(['a', 'b'])
      engine.behave('a', { does: 'hang' })
      engine.behave('b', { does: 'accept', afterMs: 3_100 })
      session.start()
      await runtime.advance(passed)
      await session.close(never)
      await runtime.advance(60_000)
      expect(engine.open).toEqual([])
      expect(runtime.pending).toBe(0)
    }
  })
})

describe('a session’s channels', () => {
  it('are opened once per link, whoever asks', async () => {
    const { runtime, engine, session, trail } = await up()
    expect(session.channel(orders)).toEqual({ at: 'opening' })
    session.channel(orders)
    session.channel({ ...orders })
    await runtime.advance(1)
    const state = session.channel(orders)
    expect(state).toMatchObject({ at: 'open', channel: engine.link.channels[0] })
    expect(session.channel({ ...orders })).toBe(state)
    expect(engine.link.opens).toHaveLength(1)
    expect(trail).toEqual(['dialing', 'up', '#orders'])

    engine.link.kill()
    await runtime.advance(0)
    expect(session.channel(orders)).toEqual({ at: 'none' })
    await runtime.advance(255)
    expect(session.channel(orders)).toEqual({ at: 'opening' })
  })

  it('are tried again slowly when forbidden, and a change says when', async () => {
    const { runtime, engine, session, trail } = await up()
    const error = new MessagingError('forbidden', 'Not for you.', { scope: 'channel' })
    engine.openFails = error
    session.channel(orders)
    await runtime.advance(1)
    const state = session.channel(orders)
    expect(state).toMatchObject({ at: 'refused', error })
    await runtime.advance(14_000)
    expect(session.channel(orders)).toBe(state)
    expect(engine.link.opens).toHaveLength(1)
    engine.openFails = undefined
    await runtime.advance(16_000)
    expect(trail).toEqual(['dialing', 'up', '#orders', '#orders'])
    expect(session.channel(orders)).toEqual({ at: 'opening' })
    await runtime.advance(1)
    expect(session.channel(orders).at).toBe('open')
  })

  it('are not tried again on a link that cannot do it', async () => {
    const { runtime, engine, session } = await up()
    engine.openFails = new MessagingError('capability', 'No queues here.', { scope: 'channel' })
    session.channel(orders)
    await runtime.advance(3_600_000)
    expect(session.channel(orders)).toMatchObject({ at: 'refused', retryAt: Infinity })
    expect(engine.link.opens).toHaveLength(1)
    engine.openFails = undefined
    engine.link.kill()
    await runtime.advance(1_000)
    expect(session.channel(orders)).toEqual({ at: 'opening' })
  })

  it('are tried again soon when the engine is unwell, and leave no timer', async () => {
    const { runtime, engine, session } = await up()
    engine.openFails = new MessagingError('unavailable', 'No leader.', { scope: 'channel' })
    session.channel(orders)
    await runtime.advance(1)
    engine.openFails = undefined
    await runtime.advance(250)
    session.channel(orders)
    await runtime.advance(1)
    expect(session.channel(orders).at).toBe('open')
    engine.openFails = lost
    session.channel({ ...orders, name: 'other' })
    await runtime.advance(1)
    await session.close(never)
    expect(runtime.pending).toBe(0)
  })

  it('are tried again with backoff while the engine stays unwell', async () => {
    const { runtime, engine, session } = await up()
    engine.openFails = new MessagingError('unavailable', 'No leader.', { scope: 'channel' })
    for (let second = 0; second < 600; second++) {
      session.channel(orders)
      await runtime.advance(1_000)
    }
    expect(engine.link.opens.length).toBeGreaterThan(15)
    expect(engine.link.opens.length).toBeLessThan(80)
  })

  it('say nothing more once their link is gone', async () => {
    const { runtime, engine, session, trail } = await up()
    session.channel(orders)
    await runtime.advance(0)
    engine.link.kill()
    engine.behave('a', { does: 'hang' })
    await runtime.advance(2_000)
    expect(trail).toEqual(['dialing', 'up', 'waiting', 'dialing'])
  })

  it('are bounded in number', async () => {
    const { session } = await up()
    for (let at = 0; at < 10_000; at++) session.channel({ ...orders, name: `orders-${at}` })
    expect(session.channel(orders)).toMatchObject({ at: 'refused', error: { code: 'overloaded' } })
    expect(session.channel({ ...orders, name: 'orders-7' }).at).toBe('opening')
  })

  it('count what is on its way over the link', async () => {
    const { runtime, session } = await up()
    session.channel(orders)
    await runtime.advance(1)
    const state = session.channel(orders)
    if (state.at !== 'open') throw new Error('not open')
    state.sender.send({ path: '', body: 'x' }, 1, () => {})
    expect(session.inflight).toBe(1)
    expect(state.sender.inflight).toBe(1)
  })
})

describe('who listens for one channel', () => {
  it('hears of it and of the link, and of nothing else, until the listener is removed', async () => {
    const { runtime, engine, session } = await up()
    const heard: string[] = []
    const stop = session.onChange((change) => heard.push('to' in change ? change.to.at : change.channel.name), 'orders')
    const other = session.onChange(() => heard.push('another one'), 'prices')
    session.channel(orders)
    session.channel({ kind: 'rpc', name: 'others', params: 0 })
    await runtime.advance(20_000)
    expect(heard).toEqual(['orders'])
    other()
    engine.link.kill()
    await runtime.advance(1)
    expect(heard.slice(0, 2)).toEqual(['orders', 'waiting'])
    stop()
    stop()
    const again = session.onChange(() => heard.push('again'), 'orders')
    stop()
    await runtime.advance(1_000)
    expect(heard.at(-1)).toBe('again')
    again()
  })
})

describe('what routing sees of a session', () => {
  const site = { location: { environment: 'cloud', region: 'eu' } } as const

  it('is unknown until the first dial has ended, then what is the case', async () => {
    const { runtime, engine, session } = stage()
    const health = () => viewOf(session, site).health
    expect(health()).toBe('unknown')
    engine.behave('a', { does: 'fail', error: refused, afterMs: 10 })
    session.start()
    expect(health()).toBe('unknown')
    await runtime.advance(10)
    expect(health()).toBe('down')
    session.retryNow()
    expect(health()).toBe('down')
    await runtime.advance(10)
    engine.behave('a', { does: 'fail', error: denied, afterMs: 1_000 })
    session.retryNow()
    await runtime.advance(1_000)
    expect(health()).toBe('disabled')
    session.retryNow()
    expect(health()).toBe('disabled')
    engine.behave('a', { does: 'accept', afterMs: 1 })
    await runtime.advance(1_500)
    session.retryNow()
    await runtime.advance(5)
    expect(viewOf(session, { ...site, mode: 'standby' })).toEqual({
      name: 'frankfurt',
      location: site.location,
      mode: 'standby',
      health: 'up',
      rttMs: 1,
      inflight: 0,
    })
    engine.link.drain({ reason: 'update' })
    await runtime.advance(0)
    expect(health()).toBe('draining')
  })
})

describe('a silent link', () => {
  const states = (trail: readonly string[]) => trail.slice(2)

  it('is asked each second, suspected after 1.5 s and given up after 2.5 s', async () => {
    const { runtime, engine, session, trail } = await up()
    await runtime.advance(60_000)
    expect(states(trail)).toEqual([])
    const at = runtime.now()
    engine.behave('a', { does: 'hang' })
    engine.link.isMute = true
    while (session.state.at === 'up') await runtime.advance(1)
    const suspected = runtime.now() - at
    while (session.link) await runtime.advance(1)
    const down = runtime.now() - at
    // It was heard last when the probe before was answered, up to a second before.
    expect(suspected).toBeGreaterThan(500)
    expect(suspected).toBeLessThanOrEqual(1_625)
    expect(down - suspected).toBe(1_000)
    expect(session.state).toMatchObject({
      at: 'waiting',
      cause: { code: 'unavailable', message: expect.stringMatching(/^frankfurt has said nothing for 2[56]\d\d ms/) },
      outage: { detected: runtime.now() },
    })
    expect(engine.links).toHaveLength(1)
  })

  it('gives way to a second one that came through meanwhile: the site was never down', async () => {
    const { runtime, engine, session, trail } = await up(['a', 'b'])
    const first = engine.link
    first.isMute = true
    await runtime.advance(4_000)
    expect(states(trail)).toEqual(['suspect', 'up'])
    expect(engine.open).toHaveLength(1)
    expect(session.link).toBe(engine.open[0])
    expect(session.link).not.toBe(first)
    expect(engine.dials).toHaveLength(2)
  })

  it('stays when it is heard in time, and the second one is closed', async () => {
    const { runtime, engine, session, trail } = await up()
    const { link } = engine
    link.isMute = true
    link.heard = 0
    while (session.state.at === 'up') await runtime.advance(1)
    await runtime.advance(500)
    expect(engine.open).toHaveLength(2)
    link.heard += 1
    link.isMute = false
    await runtime.advance(200)
    expect(states(trail)).toEqual(['suspect', 'up'])
    expect(engine.open).toEqual([link])
    await session.close(never)
    expect(runtime.pending).toBe(0)
  })

  it('that speaks by itself is not asked, only listened to', async () => {
    const { runtime, engine, session, trail } = stage()
    let probes = 0
    engine.beatMs = 800
    session.start()
    await runtime.advance(5)
    const { link } = engine
    link.probe = async () => void probes++
    for (link.heard = 0; link.heard < 50; link.heard++) await runtime.advance(800)
    expect(probes).toBe(0)
    expect(states(trail)).toEqual([])
    await runtime.advance(1_450)
    expect(probes).toBeGreaterThan(0)
  })

  it('is not blamed for a stall of our own: two seconds of a busy loop move nothing', async () => {
    const { runtime, stall, engine, trail } = await up()
    for (let round = 0; round < 20; round++) {
      await runtime.advance(round * 50)
      stall(2_000)
      await runtime.advance(1_000)
    }
    expect(states(trail)).toEqual([])
    expect(engine.dials).toHaveLength(1)
  })

  it('is asked at once when there is reason to doubt it', async () => {
    const { runtime, engine, session } = await up()
    await runtime.advance(10_000)
    engine.behave('a', { does: 'hang' })
    engine.link.isMute = true
    session.check()
    await runtime.advance(700)
    expect(session.state.at).toBe('suspect')
    await runtime.advance(1_100)
    expect(session.link).toBeUndefined()
  })
})
