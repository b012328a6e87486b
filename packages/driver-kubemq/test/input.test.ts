import type { Batch, Reception } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { durable, live, patience, queue, rpc, textOf } from '../../driver/test/talk.js'
import { foreign } from './rig/foreign.js'
import { double, faulty, fresh, limited, linkTo, numbered, pull, sendAll, texts, WIDE } from './rig/link.js'

/** What the server takes and chokes on, loses, or refuses. */
const BAD = [
  '',
  ' ',
  'a ',
  'a.',
  '.a',
  'a..b',
  'a.*',
  'a>b',
  '>',
  'a/b',
  'a:b',
  'a\\b',
  '$a',
  'ü',
  'a\tb',
  'a\rb',
  'a\nb',
  'a\r\nb',
]
const kinds = { live, stored: durable, queue, rpc }

describe('a name that is none of KubeMQ is refused before it is sent', { timeout: 60_000 }, () => {
  it.each(Object.entries(kinds))('of a %s channel', async (_, specOf) => {
    const { endpoint } = await faulty({})
    const link = await linkTo(endpoint)
    for (const name of [...BAD, 'x'.repeat(249), 'a\0b', 'A']) {
      await expect(link.open(specOf(name), patience()), JSON.stringify(name)).rejects.toMatchObject({ code: 'invalid' })
    }
    for (const path of [...BAD, 'x'.repeat(249)]) {
      const [outcome] = await sendAll(link, specOf('well'), [{ path, body: 'x' }])
      expect(outcome, JSON.stringify(path)).toMatchObject({ outcome: 'refused', error: { code: 'invalid' } })
    }
    await expect(works(endpoint)).resolves.toBe(true)
  })

  it('of a group', async () => {
    const { endpoint } = await faulty({})
    const channel = await (await linkTo(endpoint)).open(live('well'), patience())
    for (const group of BAD.filter((one) => one !== '')) {
      await expect(channel.receive({ group }, WIDE, patience())).rejects.toMatchObject({ code: 'invalid' })
    }
    await expect(works(endpoint)).resolves.toBe(true)
  })
})

describe('a server that is not what was expected', { timeout: 60_000 }, () => {
  it.for([
    ['SendEventsStream', durable],
    ['QueuesUpstream', queue],
    ['SendRequest', rpc],
  ] as const)('does not know %s: what is sent is refused', async ([call, specOf], test) => {
    const { endpoint } = await double({ without: [call] }, test)
    const [outcome] = await sendAll(await linkTo(endpoint), specOf('well'), numbered(1))
    expect(outcome).toMatchObject({ outcome: 'refused', error: { code: 'capability' } })
  })

  it.for([
    ['SubscribeToEvents', durable],
    ['SubscribeToEvents', live],
    ['SubscribeToRequests', rpc],
  ] as const)('does not know %s: nothing is attached', async ([call, specOf], test) => {
    const { endpoint } = await double({ without: [call] }, test)
    const channel = await (await linkTo(endpoint)).open(specOf('well'), patience())
    await expect(channel.receive({}, WIDE, patience())).rejects.toMatchObject({ code: 'capability', scope: 'channel' })
  })

  it('does not know QueuesDownstream: nothing is taken, and the reception says why', async (test) => {
    const { endpoint } = await double({ without: ['QueuesDownstream'] }, test)
    const channel = await (await linkTo(endpoint)).open(queue('well'), patience())
    const reception = await channel.receive({}, WIDE, patience())
    await expect(reception.next()).rejects.toMatchObject({ code: 'capability', scope: 'channel' })
  })

  it('does not count what waits in a queue: messages are taken one by one', async (test) => {
    const { endpoint } = await double({ without: ['QueuesInfo'] }, test)
    const link = await linkTo(endpoint)
    await sendAll(link, queue('jobs'), numbered(50))
    const reception = await (await link.open(queue('jobs'), patience())).receive({}, WIDE, patience())
    expect(await pull(reception, 50, (one) => one.settle('ack'))).toHaveLength(50)
  })

  it('takes less in a message: that one is refused alone with the limit, and the next one is taken', async (test) => {
    const { endpoint } = await limited(1 << 20, test)
    const link = await linkTo(endpoint)
    const big = { path: 'a', body: new Uint8Array(2 << 20) }
    for (const specOf of [durable, queue, rpc]) {
      const [outcome] = await sendAll(link, specOf('well'), [big])
      expect(outcome).toMatchObject({ outcome: 'refused', error: { code: 'too-large' } })
      expect(outcome).toHaveProperty('error.message', expect.stringContaining('1048576'))
      if (specOf !== rpc) expect(await sendAll(link, specOf('well'), numbered(1))).toMatchObject([{ outcome: 'done' }])
    }
  })

  it('gives less in a message: what is too large together comes one by one', async (test) => {
    const { endpoint } = await limited(1 << 20, test)
    const link = await linkTo(endpoint)
    const half = numbered(8).map((one) => ({ ...one, body: String(one.body).padEnd(400 << 10) }))
    for (const one of half) expect(await sendAll(link, queue('jobs'), [one])).toMatchObject([{ outcome: 'done' }])
    const reception = await (await link.open(queue('jobs'), patience())).receive({}, WIDE, patience())
    const came = await pull(reception, 8, (one) => one.settle('ack'))
    expect(came.map((text) => text.trimEnd()).sort()).toEqual(texts(8))
  })
})

describe('what another client has sent', { timeout: 60_000 }, () => {
  const tags = { 'spanwire-order': 'b,,nothing,a;9', 'spanwire-path': 'a\nb', b: 'two\nlines', A: '1' }
  const says = { metadata: 'of others', tags: { ...tags, 'spanwire-id': '', 'spanwire-key': '\0' } }

  it.for([
    ['live', live],
    ['stored', durable],
    ['queued', queue],
  ] as const)('and is %s comes with its metadata and tags, and garbage in ours harms nothing', async ([, specOf]) => {
    const { endpoint } = await faulty({})
    const link = await linkTo(endpoint)
    const spec = specOf(fresh('ticks'))
    const reception = await (await link.open(spec, patience())).receive({}, WIDE, patience())
    await foreign(endpoint).publish(spec, 'a', 'body', says)
    const [one] = (await next(reception)).deliveries
    expect(one && textOf(one)).toBe('body')
    expect(one?.path).toBe(specOf === live ? 'a' : '')
    expect(one?.headers()).toEqual(['metadata', 'of others', 'b', 'two lines', 'a', '1'])
  })
})

/** The first batch with something in it. */
async function next(reception: Reception): Promise<Batch> {
  for (;;) {
    const batch = await reception.next()
    if (batch === undefined) throw new Error('the reception ended early')
    if (batch.deliveries.length > 0) return batch
  }
}

/** The server still passes on what others send. */
async function works(endpoint: string): Promise<boolean> {
  const link = await linkTo(endpoint)
  const health = live(fresh('health'))
  const reception = await (await link.open(health, patience())).receive({}, WIDE, patience())
  await sendAll(link, health, numbered(1))
  return (await pull(reception, 1)).length === 1
}
