import { credentials } from '@grpc/grpc-js'
import type { ChannelSpec, MessagingError } from '@spanwire/driver'
import { createAuthority } from '@spanwire/testkit/network'
import { describe, expect, it } from 'vitest'
import { kubemqClient } from '../src/proto/kubemq.js'
import { double, linkTo, live, numbered, pull, queue, rpc, sendAll, soon, stored, WIDE } from './rig/link.js'

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
const kinds = { live, stored, queue, rpc }

describe('a name that is none of KubeMQ is refused before it is sent', () => {
  it.each(Object.entries(kinds))('of a %s channel', async (_, specOf) => {
    const { endpoint } = await double({})
    const link = await linkTo(endpoint)
    for (const name of [...BAD, 'x'.repeat(249), 'a\0b', 'A']) {
      await expect(link.open(specOf(name), soon()), JSON.stringify(name)).rejects.toMatchObject({ code: 'invalid' })
    }
    for (const path of [...BAD, 'x'.repeat(249)]) {
      const [outcome] = await sendAll(link, specOf('well'), [{ path, body: 'x' }])
      expect(outcome, JSON.stringify(path)).toMatchObject({ outcome: 'refused', error: { code: 'invalid' } })
    }
    await expect(works(endpoint)).resolves.toBe(true)
  })

  it('of a group', async () => {
    const { endpoint } = await double({})
    const channel = await (await linkTo(endpoint)).open(live('well'), soon())
    for (const group of BAD.filter((one) => one !== '')) {
      await expect(channel.receive({ group }, WIDE, soon())).rejects.toMatchObject({ code: 'invalid' })
    }
    await expect(works(endpoint)).resolves.toBe(true)
  })
})

describe('a server that is not what was expected', () => {
  it.each([
    ['SendEventsStream', stored],
    ['QueuesUpstream', queue],
    ['SendRequest', rpc],
  ] as const)('does not know %s: what is sent is refused', async (call, specOf) => {
    const { endpoint } = await double({ without: [call] })
    const [outcome] = await sendAll(await linkTo(endpoint), specOf('well'), numbered(1))
    expect(outcome).toMatchObject({ outcome: 'refused', error: { code: 'capability' } })
  })

  it.each([
    ['SubscribeToEvents', stored],
    ['SubscribeToEvents', live],
    ['SubscribeToRequests', rpc],
  ] as const)('does not know %s: nothing is attached', async (call, specOf: (name: string) => ChannelSpec) => {
    const { endpoint } = await double({ without: [call] })
    const channel = await (await linkTo(endpoint)).open(specOf('well'), soon())
    await expect(channel.receive({}, WIDE, soon())).rejects.toMatchObject({ code: 'capability', scope: 'channel' })
  })

  it('does not count what waits in a queue: messages are taken one by one', async () => {
    const { endpoint } = await double({ without: ['QueuesInfo'] })
    const link = await linkTo(endpoint)
    await sendAll(link, queue('jobs'), numbered(50))
    const reception = await (await link.open(queue('jobs'), soon())).receive({}, WIDE, soon())
    expect(await pull(reception, 50, (one) => one.settle('ack'))).toHaveLength(50)
  })

  it('takes less in a message: that one is refused alone, and the next one is taken', async () => {
    const { endpoint } = await double({ maxBytes: 1 << 20 })
    const link = await linkTo(endpoint)
    const big = { path: 'a', body: new Uint8Array(2 << 20) }
    for (const specOf of [stored, queue]) {
      const [outcome] = await sendAll(link, specOf('well'), [big])
      expect(outcome).toMatchObject({ outcome: 'refused', error: { code: 'too-large' } })
      expect(await sendAll(link, specOf('well'), numbered(1))).toMatchObject([{ outcome: 'done' }])
    }
  })

  it('does not speak TLS: the sentence says so', async () => {
    const { endpoint } = await double({})
    const error = await linkTo(endpoint, { tls: { ca: createAuthority('tests').cert } }).catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'unavailable', retryable: false })
    expect((error as MessagingError).message).toMatch(/TLS/)
  })
})

describe('what another client has sent', () => {
  it('comes with its metadata and tags, and garbage in ours harms nothing', async () => {
    const { endpoint } = await double({})
    const link = await linkTo(endpoint)
    const reception = await (await link.open(stored('ticks'), soon())).receive({}, WIDE, soon())
    const tags = {
      'spanwire-order': 'b,,nothing,a;9',
      'spanwire-path': 'a\nb',
      'spanwire-id': '',
      b: 'two\nlines',
      A: '1',
    }
    await send(endpoint, { channel: 'ticks', metadata: 'of others', tags })
    const batch = await reception.next()
    const [one] = batch?.deliveries ?? []
    expect(one?.path).toBe('')
    expect(one?.headers()).toEqual(['metadata', 'of others', 'b', 'two lines', 'a', '1'])
  })
})

interface Foreign {
  readonly channel: string
  readonly metadata: string
  readonly tags: { [name: string]: string }
}

async function send(endpoint: string, { channel, metadata, tags }: Foreign): Promise<boolean> {
  const client = new kubemqClient(endpoint, credentials.createInsecure())
  const event = { eventId: 'x', clientId: 'other', channel, metadata, body: new Uint8Array(), store: true, tags }
  const isSent = await new Promise<boolean>((resolve) => {
    client.sendEvent(event, (error, result) => resolve(error === null && result.sent))
  })
  client.close()
  return isSent
}

/** The server still passes on what others send. */
async function works(endpoint: string): Promise<boolean> {
  const link = await linkTo(endpoint)
  const reception = await (await link.open(live('health'), soon())).receive({}, WIDE, soon())
  await sendAll(link, live('health'), numbered(1))
  return (await pull(reception, 1)).length === 1
}
