import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { elapse } from '../../src/conformance/wait.js'
import {
  Event,
  type kubemqClient,
  EventsStoreType as Start,
  type Subscribe,
  SubscribeType,
} from '../../src/kubemq/proto.js'
import { ask, client, fresh, settled } from './peer.js'
import { body, Heard, range, subscribe, textOf } from './streams.js'

function event(channel: string, text: string): Event {
  return Event.create({ eventId: text, clientId: 'publisher', channel, body: body(text), store: true })
}

function store(one: kubemqClient, wanted: Partial<Subscribe>) {
  const subscribeTypeData = SubscribeType.EVENTS_STORE
  return subscribe(one, { subscribeTypeData, eventsStoreTypeData: Start.START_FROM_FIRST, ...wanted })
}

/** A channel with these stored, 10 unless told, read once so that they are known to be there. */
async function stored(count = 10) {
  const one = await client()
  const channel = fresh('store')
  for (let i = 1; i <= count; i++) await ask(one.sendEvent.bind(one), event(channel, String(i)))
  const all = await store(one, { channel }).have(count)
  return {
    client: one,
    channel,
    all: [...all],
    send: (text: string) => ask(one.sendEvent.bind(one), event(channel, text)),
  }
}

describe('stored events', () => {
  it('have a result each on a stream, in order, and come in order with rising times and places', async () => {
    const one = await client()
    const channel = fresh('store')
    const call = one.sendEventsStream()
    const results = new Heard(call)
    for (const text of range(200)) call.write(event(channel, text))
    const sent = await results.have(200)
    expect(sent).toEqual(range(200).map((eventId) => ({ eventId, sent: true, error: '' })))
    const got = await store(one, { channel }).have(200)
    expect(got.map(textOf)).toEqual(range(200))
    expect(got.map(({ sequence }) => sequence)).toEqual(range(200).map(BigInt))
    const stamps = got.map(({ timestamp }) => timestamp)
    expect(stamps.every((stamp, i) => i === 0 || stamp > (stamps[i - 1] ?? 0n))).toBe(true)
    expect(stamps[0]).toBeGreaterThan(1_700_000_000_000_000_000n)
    call.end()
  })

  it.each([
    ['the first', Start.START_FROM_FIRST, 0n, range(10)],
    ['the last', Start.START_FROM_LAST, 0n, ['10']],
    ['the next', Start.START_NEW_ONLY, 0n, []],
    ['a sequence', Start.START_AT_SEQUENCE, 3n, range(8, 3)],
    // Another server's sequence is silently "new only".
    ['a sequence that is not there', Start.START_AT_SEQUENCE, 1_000n, []],
    ['an hour ago', Start.START_AT_TIME_DELTA, 3_600n, range(10)],
    // Milliseconds where nanoseconds are meant.
    ['a time in the wrong unit', Start.START_AT_TIME, BigInt(Date.now()), range(10)],
    ['a time to come', Start.START_AT_TIME, BigInt(Date.now() + 3_600_000) * 1_000_000n, []],
  ])('start at %s', async (_, eventsStoreTypeData, eventsStoreTypeValue, old) => {
    const { client: one, channel, send } = await stored()
    const heard = store(one, { channel, eventsStoreTypeData, eventsStoreTypeValue })
    if (old.length > 0) await heard.have(old.length)
    else await settled(one)
    await send('new')
    expect((await heard.have(old.length + 1)).map(textOf)).toEqual([...old, 'new'])
  })

  it('start behind the one whose time is asked for (C17)', async () => {
    const one = await client()
    const channel = fresh('store')
    const send = (text: string) => ask(one.sendEvent.bind(one), event(channel, text))
    for (const text of range(5)) {
      await send(text)
      await elapse(3)
    }
    const [, , third] = await store(one, { channel }).have(5)
    const eventsStoreTypeValue = third?.timestamp ?? 0n
    const heard = store(one, { channel, eventsStoreTypeData: Start.START_AT_TIME, eventsStoreTypeValue })
    expect((await heard.have(2)).map(textOf)).toEqual(['4', '5'])
  })
})

describe('the place of a reader', () => {
  it('is that of its client id, whatever start it asks for when it comes back', async () => {
    const { client: one, channel, send } = await stored(3)
    const clientId = fresh('reader')
    const first = store(one, { channel, clientId })
    await first.have(3)
    first.call.cancel()
    // The server has noticed when the id is free; before, the next event would be lost on who has gone (C1).
    const elsewhere = await retried(one, () => store(one, { channel: fresh('other'), clientId }))
    elsewhere.call.cancel()
    await send('4')
    const again = await retried(one, () =>
      store(one, { channel, clientId, eventsStoreTypeData: Start.START_FROM_FIRST }),
    )
    expect((await again.have(1)).map(textOf)).toEqual(['4'])
    const fresher = store(one, { channel, clientId: fresh('reader') })
    expect((await fresher.have(4)).map(textOf)).toEqual(range(4))
  })

  it('is that of its group where it has one, and a new name begins anew', async () => {
    const { client: one, channel, send } = await stored(3)
    const first = store(one, { channel, group: 'g' })
    await first.have(3)
    first.call.cancel()
    expect((await first.failed()).code).toBe(status.CANCELLED)
    await settled(one)
    await send('4')
    const second = store(one, { channel, group: 'g' })
    expect((await second.have(1)).map(textOf)).toEqual(['4'])
    const other = store(one, { channel, group: 'h' })
    expect((await other.have(4)).map(textOf)).toEqual(range(4))
  })

  it('is refused while another with that id is there, who goes on (C6)', async () => {
    const { client: one, channel, send } = await stored(1)
    const clientId = fresh('reader')
    const first = store(one, { channel, clientId })
    await first.have(1)
    const second = store(one, { channel: fresh('other'), clientId })
    expect(await second.failed()).toEqual({ code: status.INTERNAL, details: 'stan: clientID already registered' })
    await send('2')
    expect((await first.have(2)).map(textOf)).toEqual(range(2))
  })

  it('loses what is under way when its connection ends (C1)', async () => {
    const one = await client()
    const channel = fresh('store')
    const call = one.sendEventsStream()
    const results = new Heard(call)
    const big = 'x'.repeat(500)
    for (let i = 1; i <= 5_000; i++) call.write(event(channel, `${i} ${big}`))
    await results.have(5_000, 20_000)
    const clientId = fresh('reader')
    const reading = one.subscribeToEvents({
      clientId,
      channel,
      group: '',
      subscribeTypeData: 2,
      eventsStoreTypeData: 2,
      eventsStoreTypeValue: 0n,
    })
    let seen = 0
    const ended = new Promise<void>((resolve) => reading.once('error', () => resolve()).once('end', () => resolve()))
    reading.on('data', () => {
      if (++seen === 500) reading.cancel()
    })
    await ended
    const again = await retried(one, () => store(one, { channel, clientId }))
    const [next] = await again.have(1)
    const resumed = Number(textOf(next ?? { body: new Uint8Array() }).split(' ')[0])
    expect(resumed).toBeGreaterThan(seen + 1)
    // A fresh id that asks for what it has not had loses nothing.
    const start = { eventsStoreTypeData: Start.START_AT_SEQUENCE, eventsStoreTypeValue: BigInt(seen + 1) }
    const safe = store(one, { channel, ...start })
    const [first] = await safe.have(1)
    expect(first?.sequence).toBe(BigInt(seen + 1))
    call.end()
  })
})

describe('what is refused', () => {
  it.each([
    [{ clientId: '' }, 'Error 101: invalid clientID value, cannot be empty'],
    [{ clientId: 'a.b' }, 'stan: invalid clientID: only alphanumeric and `-` or `_` characters allowed'],
    [{ channel: 'a.*' }, 'Error 107: invalid channel value, no wildcards are allowed'],
    [{ eventsStoreTypeData: 0 as const }, 'Error 111: invalid subscription type, cannot be undefined or 0'],
    [
      { eventsStoreTypeData: 4 as const },
      'Error 112: invalid subscription type start at sequence value, cannot by 0 or negative',
    ],
    [
      { eventsStoreTypeData: 5 as const },
      'Error 113: invalid subscription type start at time value, cannot by 0 or negative',
    ],
    [
      { eventsStoreTypeData: 6 as const },
      'Error 114: invalid subscription type start at time delta value, cannot by 0 or negative',
    ],
    [{ channel: 'a..b' }, 'stan: invalid subject'],
    [{ channel: 'a/b' }, 'stan: invalid subject'],
    [
      { channel: 'a:b', group: 'g' },
      "stan: durable name of a durable queue subscriber can't contain the character ':'",
    ],
  ])('subscribing %j', async (wrong, details) => {
    const heard = store(await client(), { channel: 'a', ...wrong })
    expect(await heard.failed()).toEqual({ code: status.INTERNAL, details })
  })

  it('a name that is too long for a folder, with the server’s path', async () => {
    const one = await client()
    const long = store(one, { channel: 'x'.repeat(241) })
    expect((await long.failed()).details).toMatch(/^mkdir .*_EVENTS_STORE_\.x+: file name too long$/)
    const nul = store(one, { channel: 'a\0b' })
    expect((await nul.failed()).details).toMatch(/^mkdir .*: invalid argument$/)
  })

  it('but publishing into such names is said to be sent', async () => {
    const one = await client()
    for (const channel of ['a..b', '.a', 'a/b', 'x'.repeat(249), 'a\0b'])
      expect(await ask(one.sendEvent.bind(one), event(channel, 'x'))).toEqual({ eventId: 'x', sent: true, error: '' })
  })
})

type Subscribed = ReturnType<typeof store>

/** The server takes a moment to notice that somebody has gone. */
async function retried(one: kubemqClient, subscribing: () => Subscribed): Promise<Subscribed> {
  for (;;) {
    const heard = subscribing()
    await settled(one)
    if (heard.error === undefined) return heard
    expect(heard.error.details).toBe('stan: clientID already registered')
  }
}
