import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { Event, type Result, SubscribeType } from '../../src/kubemq/proto.js'
import { ask, client, fresh, settled } from './peer.js'
import { body, Heard, subscribe, textOf } from './streams.js'

function event(channel: string, text: string, more: Partial<Event> = {}): Event {
  return Event.create({ eventId: text, clientId: 'publisher', channel, body: body(text), ...more })
}

async function listening(channels: readonly string[], group = '') {
  const one = await client()
  const heard = channels.map((channel) => subscribe(one, { subscribeTypeData: SubscribeType.EVENTS, channel, group }))
  await settled(one)
  const send = (channel: string, text: string) => ask<Event, Result>(one.sendEvent.bind(one), event(channel, text))
  return { client: one, heard, send }
}

describe('plain events', () => {
  it('come as they were sent, without a time and a place', async () => {
    const channel = fresh('events')
    const { client: one, heard } = await listening([channel])
    const sent = event(channel, 'x', { metadata: 'meta', tags: { a: 'b' } })
    expect(await ask(one.sendEvent.bind(one), sent)).toEqual({ eventId: 'x', sent: true, error: '' })
    const [got] = (await heard[0]?.have(1)) ?? []
    const { clientId: _, store: __, ...kept } = sent
    expect(got).toEqual({ ...kept, timestamp: 0n, sequence: 0n })
  })

  it('have no result on a stream, but those that are refused; the stream ends well when all are handled', async () => {
    const channel = fresh('events')
    const { client: one, heard } = await listening([channel])
    const call = one.sendEventsStream()
    const results = new Heard(call)
    for (let i = 1; i <= 100; i++) call.write(event(channel, String(i)))
    call.write(event('a b', 'space'))
    call.write(event('', '', { eventId: '' }))
    call.end()
    expect((await heard[0]?.have(100))?.map(textOf)).toEqual(Array.from({ length: 100 }, (_, i) => String(i + 1)))
    await results.ended()
    expect(results.all).toEqual([
      { eventId: 'space', sent: false, error: 'Error 108: invalid channel value, no white spaces are allowed' },
      { eventId: '', sent: false, error: 'Error 102: invalid channel value, cannot be empty' },
    ])
  })

  it.each([
    ['a.*', ['a.b'], ['a', 'a.b.c', 'b.b']],
    ['a.>', ['a.b', 'a.b.c'], ['a', 'b.a']],
    ['*.b.*', ['a.b.c'], ['a.b', 'a.c.c']],
    ['quo*', [], ['quotes', 'quo']],
    // Opens, and never gives anything.
    ['a.>.c', [], ['a.b.c', 'a.c']],
    ['A.b', [], ['a.b']],
  ])('%s matches by tokens', async (pattern, those, others) => {
    const prefix = fresh('w')
    const { heard, send } = await listening([`${prefix}.${pattern}`, `${prefix}.>`])
    for (const channel of [...those, ...others]) await send(`${prefix}.${channel}`, channel)
    await heard[1]?.have(those.length + others.length)
    expect(heard[0]?.all.map(textOf)).toEqual(those)
  })

  it('are shared by a group, whatever its members listen to, and given to each who has none', async () => {
    const channel = fresh('events.group')
    const one = await client()
    const join = (group: string, pattern = channel) =>
      subscribe(one, { subscribeTypeData: SubscribeType.EVENTS, channel: pattern, group })
    const [a, b, other, none] = [join('g'), join('g', `${channel.split('.')[0]}.*`), join('h'), join('')]
    await settled(one)
    const call = one.sendEventsStream()
    for (let i = 0; i < 300; i++) call.write(event(channel, String(i)))
    await none.have(300)
    await other.have(300)
    await expect.poll(() => a.all.length + b.all.length, { timeout: 5_000 }).toBe(300)
    expect(Math.min(a.all.length, b.all.length)).toBeGreaterThan(50)
    call.end()
  })

  it('are lost on who does not listen', async () => {
    const channel = fresh('events')
    const { client: one, send } = await listening([])
    await send(channel, 'early')
    const late = subscribe(one, { subscribeTypeData: SubscribeType.EVENTS, channel })
    await settled(one)
    await send(channel, 'late')
    expect((await late.have(1)).map(textOf)).toEqual(['late'])
  })
})

describe('what is refused', () => {
  it.each([
    [{ clientId: '' }, 'Error 101: invalid clientID value, cannot be empty'],
    [{ channel: '' }, 'Error 102: invalid channel value, cannot be empty'],
    [{ channel: 'a.*' }, 'Error 107: invalid channel value, no wildcards are allowed'],
    [{ channel: 'a b' }, 'Error 108: invalid channel value, no white spaces are allowed'],
    [{ channel: 'a.' }, 'Error 119: invalid channel value, cannot end with `.`'],
    [{ body: new Uint8Array(), tags: { only: 'tags' } }, 'Error 110: invalid message, cannot be empty'],
  ])('publishing %j', async (wrong, details) => {
    const one = await client()
    const answer = await ask(one.sendEvent.bind(one), event('a', 'x', wrong))
    expect(answer).toMatchObject({ code: status.INTERNAL, details })
    const stored = await ask(one.sendEvent.bind(one), event('a', 'x', { store: true, ...wrong }))
    expect(stored).toMatchObject({ code: status.INTERNAL, details })
  })

  it.each([
    [{ clientId: '' }, 'Error 101: invalid clientID value, cannot be empty'],
    [{ channel: '' }, 'Error 102: invalid channel value, cannot be empty'],
    [{ channel: 'a b' }, 'Error 108: invalid channel value, no white spaces are allowed'],
    [{ channel: 'a.' }, 'Error 119: invalid channel value, cannot end with `.`'],
    [{ channel: 'a..b' }, 'nats: invalid subject'],
    [{ channel: 'a\tb' }, 'nats: invalid subject'],
    [{ group: 'a b' }, 'nats: invalid queue name'],
    [{ subscribeTypeData: SubscribeType.UNDEFINED }, 'Error 207: invalid subscribe type'],
    [{ subscribeTypeData: SubscribeType.QUERIES }, 'Error 207: invalid subscribe type'],
    [
      { eventsStoreTypeData: 2 as const },
      'Error 118: event store parameters were set but subscribe type is not event store',
    ],
  ])('subscribing %j', async (wrong, details) => {
    const heard = subscribe(await client(), { subscribeTypeData: SubscribeType.EVENTS, channel: 'a', ...wrong })
    expect(await heard.failed()).toEqual({ code: status.INTERNAL, details })
  })

  it('does not mind a slash', async () => {
    const channel = fresh('a/b')
    const { heard, send } = await listening([channel])
    await send(channel, 'x')
    expect((await heard[0]?.have(1))?.map(textOf)).toEqual(['x'])
  })

  it('says that it sent what it loses', async () => {
    const one = await client()
    for (const channel of ['a..b', '.a'])
      expect(await ask(one.sendEvent.bind(one), event(channel, 'x'))).toEqual({ eventId: 'x', sent: true, error: '' })
  })
})
