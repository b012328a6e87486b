import { spawnSync } from 'node:child_process'
import {
  bytes,
  type Client,
  type ClientEvent,
  createClient,
  json,
  primary,
  queue,
  type StandardSchema,
  topic,
} from '@spanwire/core'
import type { Delivery, Reception } from '@spanwire/driver'
import { describe, expect, it, onTestFinished } from 'vitest'
import { durable, FLOW, patience, pull, queue as queueSpec, send, textOf } from '../../driver/test/talk.js'
import { type CodecOptions, kafka, kafkajs } from '../src/index.js'
import { dial } from './rig/dial.js'
import { noKafka } from './rig/java.js'
import { kcat, noKcat } from './rig/kcat.js'
import { siteOf } from './rig/site.js'

const site = siteOf()

/** On any Node, as Node 20 is for zstd. */
const blind: CodecOptions = {
  zstd: () => {
    throw new Error('no decoder here')
  },
}
const zstd: CodecOptions = {
  zstd: (packed) => {
    const { stdout, status } = spawnSync('zstd', ['-dcq'], { input: packed })
    if (status !== 0) throw new Error('zstd is damaged')
    return stdout
  },
}
const hasZstd = spawnSync('zstd', ['--version']).status === 0

/** Compressed by librdkafka, all as one batch. */
async function produce(topic: string, codec: string, ...lines: readonly string[]): Promise<void> {
  const padded = lines.map((line) => `k=${line}${' '.repeat(500)}\n`).join('')
  const linger = lines.length > 1 ? 200 : 0
  const args = ['-P', '-t', topic, '-p', '0', '-K', '=', '-z', codec, '-X', `linger.ms=${linger}`]
  await kcat(site().endpoints, args, padded)
}

function saidOf(delivery: Delivery | undefined): string {
  const headers = delivery?.headers() ?? []
  const at = headers.indexOf('sw-unread')
  return at < 0 ? textOf(delivery ?? { body: 'nothing' }).trim() : (headers[at + 1] ?? '')
}

/** Takes so many, one after the other. */
async function settled(reception: Reception, count: number): Promise<Delivery[]> {
  const all: Delivery[] = []
  while (all.length < count) {
    for (const one of await pull(reception, 1)) {
      all.push(one)
      await one.settle('ack')
    }
  }
  return all
}

/** Resolves when it is true, which is looked at whenever somebody says so. */
function awaiting(isSo: () => boolean): { readonly look: () => void; readonly so: Promise<void> } {
  let resolve = (): void => undefined
  const so = new Promise<void>((done) => {
    resolve = done
  })
  return { look: () => isSo() && resolve(), so }
}

/** All events of that kind from now on. */
function undecodables(client: Client, look: () => void = () => undefined): readonly ClientEvent[] {
  const all: ClientEvent[] = []
  const listen = async (): Promise<void> => {
    for await (const event of client.watch()) {
      if (event.type === 'undecodable') all.push(event)
      look()
    }
  }
  void listen()
  return all
}

const WHY = /cannot be read: .*no decoder here/

describe.skipIf(noKcat ?? noKafka)(`codecs${noKcat ?? noKafka ?? ''}`, () => {
  const open = async (codecs: CodecOptions, spec = queueSpec()) => {
    const link = await dial(site().endpoints, { driver: { port: kafkajs(codecs), partitions: 1 } })
    return { link, spec, channel: await link.open(spec, patience()) }
  }

  it('workers get what kcat compressed with gzip, snappy, lz4 and, by a decoder of the user, zstd', async () => {
    const { spec, channel } = await open(hasZstd ? zstd : {})
    const codecs = ['gzip', 'snappy', 'lz4', ...(hasZstd ? ['zstd'] : [])]
    for (const codec of codecs) await produce(spec.name, codec, `${codec} 1`, `${codec} 2`)
    const reception = await channel.receive({}, FLOW, patience())
    const said = (await settled(reception, 2 * codecs.length)).map(saidOf)
    expect(said).toEqual(codecs.flatMap((one) => [`${one} 1`, `${one} 2`]))
    await reception.stop(patience())
  })

  it.each([
    ['a worker', queueSpec, {}],
    ['a member of a group', durable, { group: 'g', start: { at: 'beginning' } as const }],
  ])(
    '%s gets the bytes of what it cannot unpack, goes on, and never again after it was settled',
    async (_, make, source) => {
      const first = await open(blind, make())
      const { name } = first.spec
      await produce(name, 'lz4', 'before')
      await produce(name, 'zstd', 'one', 'two', 'three')
      await produce(name, 'gzip', 'behind')
      const reception = await first.channel.receive(source, FLOW, patience())
      const deliveries = await settled(reception, 3)
      expect(deliveries.map(saidOf)).toEqual(['before', expect.stringMatching(WHY), 'behind'])
      const [, unread] = deliveries
      expect(unread?.headers()).toEqual(expect.arrayContaining(['sw-stored', `${name}/0/1-3`]))
      // The batch as it is in the log: the magic of its format, the codec, and behind its head the frame of zstd.
      const body = Buffer.from(unread?.body ?? '')
      expect([body[16], body.readUInt8(22) & 7, body[61]]).toEqual([2, 4, 0x28])
      await first.link.close(patience())
      const next = await open(blind, first.spec)
      const again = await next.channel.receive(source, FLOW, patience())
      await send(next.channel, 'later')
      expect((await settled(again, 1)).map(saidOf)).toEqual(['later'])
    },
  )

  it('what a worker that could not unpack it has left comes to the next one after the rebalance, record by record if that one can', async () => {
    const able = hasZstd ? zstd : blind
    const first = await open(blind)
    await produce(first.spec.name, 'zstd', 'one', 'two', 'three')
    await produce(first.spec.name, 'gzip', 'behind')
    const left = await first.channel.receive({}, FLOW, patience())
    const [unread, behind] = await pull(left, 2)
    expect(saidOf(unread)).toMatch(WHY)
    await behind?.settle('ack')
    const next = await open(able, first.spec)
    const reception = await next.channel.receive({}, FLOW, patience())
    await left.stop(AbortSignal.abort())
    const rest = hasZstd ? ['one', 'two', 'three'] : [expect.stringMatching(WHY)]
    expect((await settled(reception, rest.length)).map(saidOf)).toEqual(rest)
    await send(next.channel, 'later')
    expect((await settled(reception, 1)).map(saidOf)).toEqual(['later'])
    await expect(unread?.settle('ack')).rejects.toMatchObject({ code: 'conflict' })
  })

  it('a job goes to the dead letter with its bytes, an event says why, and nothing comes twice', async () => {
    const { name } = queueSpec()
    const dead = queue(`${name}.dead`, bytes)
    const orders = queue(name, json as StandardSchema<unknown>, { deadLetter: dead.name })
    const client = blindClient()
    const done: unknown[] = []
    const letters: unknown[] = []
    const all = awaiting(() => done.length === 1 && letters.length === 1 && events.length === 1)
    const events = undecodables(client, all.look)
    const worker = client.consume(orders, (value) => {
      done.push(value)
      all.look()
    })
    await worker.ready
    await produce(name, 'zstd', '{"n":1}', '{"n":2}')
    await produce(name, 'snappy', '{"n":3}')
    client.consume(dead, (value, { attempt }) => {
      letters.push([value[61], attempt])
      all.look()
    })
    await all.so
    expect(done).toEqual([{ n: 3 }])
    expect(letters).toEqual([[0x28, 1]])
    expect(events).toMatchObject([{ channel: name, error: { code: 'decode', message: expect.stringMatching(WHY) } }])
  })

  it('a subscription hears of it by an event, in its place, and goes on', async () => {
    const quotes = topic(`${durable().name}.{symbol}`, json as StandardSchema<unknown>, { delivery: 'durable' })
    const client = blindClient()
    const events = undecodables(client)
    const subscription = client.subscribe(quotes)
    await subscription.ready
    await produce(quotes.name, 'zstd', '{"n":1}')
    await produce(quotes.name, 'lz4', '{"n":2}')
    for await (const message of subscription) {
      expect(message.value).toEqual({ n: 2 })
      break
    }
    expect(events).toMatchObject([{ error: { code: 'decode', message: expect.stringMatching(WHY) } }])
  })
})

function blindClient(): Client {
  const here = { environment: 'on-prem' } as const
  const driver = kafka({ port: kafkajs(blind), partitions: 1, sessionMs: 3_000 })
  const sites = { a: { location: here, driver, endpoints: site().endpoints } }
  const client = createClient({ here, sites, routes: [{ match: '>', policy: primary('a') }] })
  onTestFinished(() => client.close({ timeout: '1s' }))
  return client
}
