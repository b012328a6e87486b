import { type Batch, type ChannelSpec, type Delivery, MessagingError, type Start } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { Scripted, type ScriptedReception } from '../../test/scripted.js'
import { deferred } from '../runtime/deferred.js'
import { virtualRuntime } from '../runtime/virtual.js'
import { attach } from './attachment.js'
import { patienceOf } from './patience.js'
import { Session } from './session.js'

const quotes: ChannelSpec = { kind: 'topic', name: 'quotes', params: 1, keep: 'durable', latest: false }
const never = new AbortController().signal
const flow = { messages: 100, bytes: 1_000_000 }

function stage(taken?: () => Promise<void>) {
  const runtime = virtualRuntime()
  const engine = new Scripted(runtime)
  const session = new Session({
    site: 'frankfurt',
    driver: engine.driver,
    endpoints: ['a'],
    credentials: async () => ({ by: 'none' }),
    missing: 'create',
    nonce: 'n',
    clientId: () => 'c',
    runtime,
    patience: patienceOf({}, 'health'),
  })
  const asked: string[] = []
  const states: string[] = []
  const got: Batch[] = []
  const attachment = attach(session, quotes, {
    source(why) {
      asked.push(why)
      const start: Start = why === 'conflict' ? { at: 'beginning' } : { at: 'position', position: `${got.length}` }
      return why === 'first' ? {} : { start }
    },
    flow,
    onBatch(batch) {
      got.push(batch)
      return taken?.()
    },
    onState: (state) => void states.push(state.at),
    runtime,
  })
  const receptions = () => engine.links.flatMap((link) => link.channels.flatMap((channel) => channel.receptions))
  return { runtime, engine, session, attachment, asked, states, got, receptions }
}

async function attached(taken?: () => Promise<void>) {
  const stood = stage(taken)
  stood.session.start()
  await stood.runtime.advance(5)
  expect(stood.attachment.state).toEqual({ at: 'attached' })
  const reception = stood.receptions()[0]
  if (!reception) throw new Error('not attached')
  return { ...stood, reception }
}

const batch = (path: string): Batch => ({ deliveries: [delivery(path)] })

function delivery(path: string): Delivery {
  return {
    path,
    id: undefined,
    body: '',
    timeMs: undefined,
    attempt: 1,
    held: true,
    headers: () => [],
    position: () => path,
    settle: async () => {},
    extend: async () => {},
  }
}

const pathsOf = (batches: readonly Batch[]) => batches.flatMap(({ deliveries }) => deliveries.map(({ path }) => path))

describe('an attachment', () => {
  it('waits for the link, attaches, and gives every batch', async () => {
    const { runtime, session, attachment, states, got, receptions } = stage()
    await runtime.advance(1_000)
    expect(attachment.state).toEqual({ at: 'waiting' })
    session.start()
    await runtime.advance(5)
    receptions()[0]?.push(batch('AAPL'))
    receptions()[0]?.push({ deliveries: [] })
    await runtime.advance(0)
    receptions()[0]?.push(batch('MSFT'))
    await runtime.advance(0)
    expect(pathsOf(got)).toEqual(['AAPL', 'MSFT'])
    expect(got).toHaveLength(3)
    expect(states).toEqual(['attaching', 'attached'])
  })

  it('attaches again with the next link, where it was', async () => {
    const { runtime, engine, asked, states, got, receptions, reception } = await attached()
    reception.push(batch('AAPL'))
    await runtime.advance(0)
    engine.link.kill()
    await runtime.advance(1)
    expect(states.at(-1)).toBe('waiting')
    await runtime.advance(260)
    expect(receptions().map(({ source }) => source.start)).toEqual([undefined, { at: 'position', position: '1' }])
    receptions()[1]?.push(batch('MSFT'))
    await runtime.advance(0)
    expect(pathsOf(got)).toEqual(['AAPL', 'MSFT'])
    expect(asked).toEqual(['first', 'again'])
    expect(states).toEqual(['attaching', 'attached', 'waiting', 'attaching', 'attached'])
  })

  it('asks for another start when its position is of another log', async () => {
    const { runtime, engine, asked, states, receptions } = await attached()
    engine.receiveFails = new MessagingError('conflict', 'That log is gone.', { scope: 'channel' })
    engine.link.kill()
    await runtime.advance(260)
    expect(asked).toEqual(['first', 'again', 'conflict'])
    expect(states.at(-1)).toBe('refused')
    engine.receiveFails = undefined
    await runtime.advance(30_000)
    expect(states.at(-1)).toBe('attached')
    expect(receptions().at(-1)?.source.start).toEqual({ at: 'beginning' })
    await runtime.advance(30_000)
    receptions()
      .at(-1)
      ?.fail(new MessagingError('conflict', 'The log was recreated.', { scope: 'channel' }))
    await runtime.advance(0)
    expect(asked).toEqual(['first', 'again', 'conflict', 'conflict', 'conflict'])
    expect(states.at(-1)).toBe('attached')
  })

  it('does not spin on a log that is another one each time', async () => {
    const { runtime, asked, receptions } = await attached()
    for (let ms = 0; ms < 1_000; ms++) {
      receptions()
        .at(-1)
        ?.fail(new MessagingError('conflict', 'The log was recreated.', { scope: 'channel' }))
      await runtime.advance(1)
    }
    expect(asked.length).toBeLessThan(10)
    expect(asked.at(-1)).toBe('conflict')
  })

  it('attaches again with backoff when the source fails and the link stays', async () => {
    const { runtime, engine, receptions, states, reception } = await attached()
    engine.receiveFails = new MessagingError('unavailable', 'The leader is gone.', { scope: 'channel' })
    reception.fail(engine.receiveFails)
    await runtime.advance(60_000)
    expect(states.at(-1)).toMatch(/waiting|attaching/)
    engine.receiveFails = undefined
    await runtime.advance(30_000)
    expect(receptions()).toHaveLength(2)
    expect(states.at(-1)).toBe('attached')
    expect(engine.links).toHaveLength(1)
  })

  it('is refused for good on this link where the engine cannot, slowly retried where it is forbidden', async () => {
    const { runtime, engine, attachment, asked, reception } = await attached()
    const error = new MessagingError('capability', 'No replay here.', { scope: 'channel' })
    engine.receiveFails = error
    reception.fail(error)
    await runtime.advance(3_600_000)
    expect(attachment.state).toEqual({ at: 'refused', error })
    expect(asked).toEqual(['first'])
    engine.receiveFails = new MessagingError('forbidden', 'Not for you.', { scope: 'channel' })
    engine.link.kill()
    await runtime.advance(300)
    expect(attachment.state).toMatchObject({ at: 'refused', error: { code: 'forbidden' } })
    expect(asked).toEqual(['first', 'again'])
    await runtime.advance(30_000)
    expect(asked.length).toBeGreaterThan(2)
    engine.receiveFails = undefined
    await runtime.advance(30_000)
    expect(attachment.state.at).toBe('attached')
  })

  it('is refused with its channel', async () => {
    const { runtime, engine, session, attachment } = stage()
    engine.openFails = new MessagingError('not-found', 'No such stream.', { scope: 'channel' })
    session.start()
    await runtime.advance(10)
    expect(attachment.state).toMatchObject({ at: 'refused', error: { code: 'not-found' } })
    engine.openFails = undefined
    await runtime.advance(30_001)
    expect(attachment.state.at).toBe('attached')
  })

  it('pulls the next batch only when the last one was taken', async () => {
    let room = deferred<void>()
    const { runtime, got, reception } = await attached(() => room.promise)
    for (const path of ['a', 'b', 'c']) reception.push(batch(path))
    await runtime.advance(0)
    expect(pathsOf(got)).toEqual(['a'])
    const first = room
    room = deferred()
    first.resolve()
    await runtime.advance(0)
    expect(pathsOf(got)).toEqual(['a', 'b'])
  })

  it('passes new bounds on, and attaches with them from then on', async () => {
    const { runtime, engine, attachment, receptions, reception } = await attached()
    attachment.adjust({ ...flow, conflateHz: 4 })
    expect(reception.flows).toEqual([flow, { ...flow, conflateHz: 4 }])
    engine.link.kill()
    await runtime.advance(300)
    expect(receptions()[1]?.flows).toEqual([{ ...flow, conflateHz: 4 }])
  })

  it('stops once, though the reader of its last batch never comes back', async () => {
    const { runtime, engine, attachment, states, receptions, reception } = await attached(() => new Promise(() => {}))
    reception.push(batch('a'))
    await runtime.advance(0)
    const grace = new AbortController().signal
    await Promise.all([attachment.stop(grace), attachment.stop(never)])
    expect(reception.stops).toEqual([grace])
    engine.link.kill()
    await runtime.advance(1_000)
    expect(receptions()).toHaveLength(1)
    expect(states).toEqual(['attaching', 'attached', 'stopped'])
  })

  it('stops wherever it is, and leaves no timer', async () => {
    for (const passed of [0, 1, 2, 3, 300]) {
      const { runtime, engine, session, attachment, states } = stage()
      if (passed > 2) engine.receiveFails = new MessagingError('unavailable', 'No leader.')
      session.start()
      await runtime.advance(passed)
      await attachment.stop(never)
      expect(states.at(-1)).toBe('stopped')
      await session.close(never)
      await runtime.advance(10)
      expect(runtime.pending).toBe(0)
      const open = engine.links.flatMap((link) => link.channels.flatMap((channel) => channel.receptions))
      expect(open.filter((one: ScriptedReception) => one.stops.length === 0)).toEqual([])
    }
  })

  it('stops a reception that arrives after the stop', async () => {
    const { runtime, engine, session, attachment, states, receptions } = stage()
    engine.receiveMs = 100
    session.start()
    await runtime.advance(10)
    expect(attachment.state.at).toBe('attaching')
    const stopping = attachment.stop(never)
    await runtime.advance(100)
    await stopping
    expect(receptions()[0]?.stops).toHaveLength(1)
    expect(receptions()[0]?.isPulled).toBe(false)
    expect(states).toEqual(['attaching', 'stopped'])
  })

  it('of a channel that thousands want to read: 256 attach at once, the others in their turn, stopped ones never', async () => {
    const { runtime, engine, session } = stage()
    engine.receiveMs = 100
    const asked: number[] = []
    const attachments = Array.from({ length: 600 }, (_, at) =>
      attach(session, quotes, {
        source: () => {
          asked.push(at)
          return {}
        },
        flow,
        onBatch: () => undefined,
        onState: () => undefined,
        runtime,
      }),
    )
    session.start()
    await runtime.advance(10)
    // The first place is the stage's own.
    expect(asked).toEqual(Array.from({ length: 255 }, (_, at) => at))
    await Promise.all(attachments.slice(255, 400).map((one) => one.stop(never)))
    await runtime.advance(100)
    expect(asked.slice(255)).toEqual(Array.from({ length: 200 }, (_, at) => at + 400))
    await runtime.advance(100)
    const states = attachments.map(({ state }) => state.at)
    expect(states.filter((at) => at === 'attached')).toHaveLength(455)
    expect(states.filter((at) => at === 'stopped')).toHaveLength(145)
    await session.close(never)
    await runtime.advance(1_000)
    expect(runtime.pending).toBe(0)
  })

  it('ends with its session', async () => {
    const { runtime, session, attachment, states } = await attached()
    await session.close(never)
    await runtime.advance(1_000)
    expect(states.at(-1)).toBe('stopped')
    await attachment.stop(never)
    expect(runtime.pending).toBe(0)
  })
})
