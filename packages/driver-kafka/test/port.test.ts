import { type Engines, installEngine, startEngines } from '@spanwire/testkit/engines'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultTimes, type KafkaClient, kafkajs, type MembershipOptions, platformatic } from '../src/index.js'
import { noKafka } from './rig/java.js'
import { kcat, noKcat } from './rig/kcat.js'
import { aTopic, fill, from, Hearing, makeTopic, record, soon, take, takeAll, text, write } from './rig/port.js'

const codecs = {
  zstd: () => {
    throw new Error('asked to unpack')
  },
}
const PORTS = [
  ['kafkajs', kafkajs(codecs)],
  ['platformatic', platformatic(codecs)],
] as const

let engines: Engines | undefined
let brokers: readonly string[] = []

beforeAll(async () => {
  await installEngine('kafka')
  engines = await startEngines({ engine: 'kafka' })
  brokers = engines.sites[0]?.endpoints ?? []
}, 600_000)

afterAll(async () => {
  await engines?.stop()
})

describe.skipIf(noKafka).each(PORTS)(`the port on %s${noKafka ?? ''}`, (_, port) => {
  let client: KafkaClient

  beforeAll(async () => {
    client = await port.connect({ brokers, clientId: 'tests', times: defaultTimes }, soon())
  })

  afterAll(async () => {
    await client?.close(soon())
  })

  it('knows its cluster, and answers a probe', async () => {
    expect(client.clusterId).toMatch(/^[\w-]{22}$/)
    await client.probe(soon())
  })

  it('makes a topic once, describes it, tells its settings, and removes it', async () => {
    const name = aTopic()
    expect(await client.describe(name, soon())).toBeUndefined()
    const topic = { name, partitions: 3, settings: { 'cleanup.policy': 'compact' } }
    expect(await client.create(topic, soon())).toBe('created')
    expect(await client.create({ ...topic, partitions: 5 }, soon())).toBe('exists')
    const first = await client.describe(name, soon())
    expect(first?.partitions.map(({ partition, leader, replicas }) => [partition, leader, replicas])).toEqual([
      [0, 1, 1],
      [1, 1, 1],
      [2, 1, 1],
    ])
    const settings = await client.settings(name, soon())
    expect(settings?.get('cleanup.policy')).toBe('compact')
    expect(settings?.get('max.message.bytes')).toBe('1048588')
    await client.remove(name, soon())
    await client.remove(name, soon())
    expect(await client.create(topic, soon())).toBe('created')
    expect((await client.describe(name, soon()))?.id).not.toBe(first?.id)
  })

  it('refuses a topic with a sentence', async () => {
    const refused = client.create({ name: 'no blanks', partitions: 1 }, soon())
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_TOPIC_EXCEPTION', retriable: false })
  })

  it('keeps keys, values, headers and times as they were', async () => {
    const topic = await makeTopic(client)
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const headers = [
      ['b', Buffer.from('1')],
      ['a', every],
      ['b', Buffer.alloc(0)],
      ['größe', Buffer.from('東京')],
    ] as const
    const records = [
      record('first', 'k', { headers, timeMs: 1_700_000_000_123 }),
      record('', ''),
      record(undefined, 'gone', { timeMs: 1_600_000_000_000 }),
      { key: every, value: every, timeMs: 1_000_000_000_123 },
    ]
    const before = Date.now()
    expect(await write(client, { topic }, records)).toEqual({ at: 'stored', baseOffset: 0 })
    const reader = client.read(from(topic), { maxBytes: 1_000_000 })
    const [first, empty, gone, bytes] = await take(reader, 4)
    expect([text(first?.key), text(first?.value), first?.timeMs]).toEqual(['k', 'first', 1_700_000_000_123])
    expect(first?.headers().map(([name, value]) => [name, Buffer.from(value)])).toEqual(headers)
    expect(text(first?.header('b'))).toBe('1')
    expect(first?.header('c')).toBeUndefined()
    expect([text(empty?.key), text(empty?.value), empty?.offset]).toEqual(['', '', 1])
    expect(empty?.timeMs).toBeGreaterThanOrEqual(before)
    expect([text(gone?.key), gone?.value, gone?.timeMs]).toEqual(['gone', undefined, 1_600_000_000_000])
    expect([bytes?.key, bytes?.value, bytes?.timeMs].map(String)).toEqual([every, every, 1_000_000_000_123].map(String))
    reader.close()
  })

  it('tells the fate of each batch by itself', async () => {
    const topic = await makeTopic(client, 2)
    const fates = await new Promise<readonly unknown[]>((resolve) => {
      const told: unknown[] = []
      const large = record('x'.repeat(1_100_000))
      const batches = [
        { topic, partition: 0, records: [record('a'), record('b')] },
        { topic, partition: 1, records: [large] },
        { topic, partition: 7, records: [record('c')] },
      ]
      client.produce(batches, (index, produced) => {
        told[index] = produced
        if (told.filter(Boolean).length === 3) resolve(told)
      })
    })
    expect(fates).toMatchObject([
      { at: 'stored', baseOffset: 0 },
      { at: 'refused', error: { code: 'MESSAGE_TOO_LARGE' } },
      { at: 'unsent', error: { code: 'UNKNOWN_TOPIC_OR_PARTITION' } },
    ])
  })

  it('says that a topic is not there', async () => {
    const nowhere = aTopic()
    expect(await write(client, { topic: nowhere }, [record('x')])).toMatchObject({
      at: 'unsent',
      error: { code: expect.stringMatching('UNKNOWN_TOPIC_OR_PARTITION|LEADER_NOT_AVAILABLE') },
    })
    await expect(client.offsets(nowhere, 'end', soon())).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    const reader = client.read(from(nowhere), { maxBytes: 1000 })
    await expect(reader.next()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    await expect(reader.next()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('goes on after a topic that it wrote to was removed', async () => {
    const [one, other] = [await makeTopic(client), await makeTopic(client)]
    await fill(client, one, 1)
    await client.remove(one, soon())
    await fill(client, other, 1)
    const third = await makeTopic(client)
    await fill(client, third, 1)
  })

  it('finds offsets by time, at the beginning and at the end', async () => {
    const topic = await makeTopic(client, 2)
    const stamped = [1000, 2000, 2000, 3000].map((timeMs) => record(`${timeMs}`, undefined, { timeMs }))
    await write(client, { topic }, stamped)
    const offset = async (at: Parameters<KafkaClient['offsets']>[1]): Promise<unknown> =>
      Object.fromEntries(await client.offsets(topic, at, soon()))
    expect(await offset('beginning')).toEqual({ 0: 0, 1: 0 })
    expect(await offset('end')).toEqual({ 0: 4, 1: 0 })
    expect(await offset({ timeMs: 2000 })).toEqual({ 0: 1, 1: 0 })
    expect(await offset({ timeMs: 2001 })).toEqual({ 0: 3, 1: 0 })
    expect(await offset({ timeMs: 9000 })).toEqual({ 0: 4, 1: 0 })
  })

  it('reads from the offset asked for, of several partitions, and then what comes', async () => {
    const topic = await makeTopic(client, 3)
    for (const partition of [0, 1, 2]) await fill(client, topic, 10, partition)
    const reader = client.read(from(topic, 3, 7), { maxBytes: 1_000_000 })
    const seen = (await takeAll(reader, 9)).flatMap(({ partition, records }) =>
      records.map(({ offset, value }) => [`${partition}:${offset}`, text(value)]),
    )
    expect(seen).toHaveLength(9)
    for (const [place, value] of seen) expect(value).toBe(place)
    expect(await reader.next()).toEqual([])
    const later = take(reader, 1)
    await fill(client, topic, 1, 1)
    expect((await later).map(({ offset }) => offset)).toEqual([10])
    reader.close()
  })

  it('reads what is larger than a fetch, and all of much in order', async () => {
    const topic = await makeTopic(client)
    await write(client, { topic }, [record('y'.repeat(900_000))])
    for (let i = 0; i < 20; i++) await fill(client, topic, 500)
    const reader = client.read(from(topic), { maxBytes: 10_000 })
    const records = await take(reader, 10_001)
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: 10_001 }, (_, i) => i))
    expect(records[0]?.value).toHaveLength(900_000)
    reader.close()
  })

  it('gives the first of much without all that a fetch may bring', async () => {
    const topic = await makeTopic(client)
    for (let i = 0; i < 8; i++) await write(client, { topic }, [record(`${i}`.repeat(40_000))])
    const reader = client.read(from(topic), { maxBytes: 1_000_000 })
    const first = await take(reader, 1)
    expect(first.length).toBeLessThan(4)
    const all = [...first, ...(await take(reader, 8 - first.length))]
    expect(all.map(({ value }) => text(value?.subarray(0, 1)))).toEqual(Array.from({ length: 8 }, (_, i) => `${i}`))
    reader.close()
  })

  it.skipIf(noKcat)('unpacks by the codecs of the user, and gives as it is what they cannot', async () => {
    const topic = await makeTopic(client)
    await kcat(brokers, ['-P', '-t', topic, '-p', '0', '-z', 'zstd'], `packed ${'x'.repeat(500)}\n`)
    const reader = client.read(from(topic), { maxBytes: 10_000 })
    const [fetched] = await takeAll(reader, 1)
    reader.close()
    expect(fetched).toMatchObject({
      records: [],
      next: 1,
      missing: {
        why: 'unreadable',
        wanted: 0,
        until: 1,
        error: { message: expect.stringContaining('asked to unpack') },
      },
    })
  })

  it('pauses, resumes and seeks, each partition for itself', async () => {
    const topic = await makeTopic(client, 2)
    const reader = client.read(from(topic, 2), { maxBytes: 100_000 })
    reader.pause([{ topic, partition: 0 }])
    await fill(client, topic, 3, 0)
    await fill(client, topic, 3, 1)
    expect((await take(reader, 3)).map(({ value }) => text(value))).toEqual(['1:0', '1:1', '1:2'])
    expect(await reader.next()).toEqual([])
    reader.pause([{ topic, partition: 1 }])
    expect(await reader.next()).toEqual([])
    reader.resume([{ topic, partition: 0 }])
    expect((await take(reader, 3)).map(({ value }) => text(value))).toEqual(['0:0', '0:1', '0:2'])
    reader.seek({ topic, partition: 0, offset: 1 })
    expect((await take(reader, 2)).map(({ value }) => text(value))).toEqual(['0:1', '0:2'])
    reader.close()
  })

  it('says what is missing when the log begins later, or ends before the place asked for', async () => {
    const topic = await makeTopic(client)
    await fill(client, topic, 3)
    const reader = client.read(from(topic, 1, 99), { maxBytes: 1000 })
    const [fetched] = await takeAll(reader, 1)
    expect(fetched).toMatchObject({ records: [], next: 3, end: 3, missing: { why: 'out-of-range', wanted: 99 } })
    const later = take(reader, 1)
    await fill(client, topic, 1)
    expect((await later).map(({ offset }) => offset)).toEqual([3])
    reader.close()
  })

  it('ends a reader at once, whose pending pull rejects', async () => {
    const topic = await makeTopic(client)
    const reader = client.read(from(topic), { maxBytes: 1000 })
    const pending = reader.next()
    reader.close()
    reader.close()
    await expect(pending).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(reader.next()).rejects.toMatchObject({ code: 'CLOSED' })
  })

  it('says of a topic that it knew and somebody else has removed that it is not there', async () => {
    const topic = await makeTopic(client)
    const other = await port.connect({ brokers, clientId: 'other', times: defaultTimes }, soon())
    await other.remove(topic, soon())
    await other.close(soon())
    const reader = client.read(from(topic), { maxBytes: 1000 })
    await expect(reader.next()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  it('rejects a reader whose topic is removed', async () => {
    const topic = await makeTopic(client)
    const reader = client.read(from(topic), { maxBytes: 1000 })
    expect(await reader.next()).toEqual([])
    await client.remove(topic, soon())
    const ended = (async () => {
      for (;;) await reader.next()
    })()
    await expect(ended).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
  })

  describe('a group', () => {
    const membership = (topic: string, more: Partial<MembershipOptions> = {}): MembershipOptions => ({
      group: `g-${topic}`,
      topics: [topic],
      start: 'beginning',
      sessionMs: 6000,
      heartbeatMs: 100,
      rebalanceMs: 6000,
      maxBytes: 100_000,
      ...more,
    })

    it('begins at the start asked for, and goes on where it has committed, with its note', async () => {
      const topic = await makeTopic(client)
      await fill(client, topic, 5)
      const hearing = new Hearing()
      const member = await client.join(membership(topic), hearing, soon())
      expect(hearing.assignedParts).toEqual([{ topic, partition: 0, offset: 0, note: undefined }])
      expect(await take(member, 5)).toHaveLength(5)
      await member.commit([{ topic, partition: 0, offset: 3, note: 'done: 4' }], soon())
      await member.leave(soon())
      expect(hearing.said).toEqual(['assigned 0', 'revoked given-up'])
      await expect(member.next()).rejects.toMatchObject({ code: 'CLOSED' })
      await expect(member.commit([{ topic, partition: 0, offset: 4, note: '' }], soon())).rejects.toThrow()
      const again = new Hearing()
      const next = await client.join(membership(topic), again, soon())
      expect(again.assignedParts).toEqual([{ topic, partition: 0, offset: 3, note: 'done: 4' }])
      expect((await take(next, 2)).map(({ offset }) => offset)).toEqual([3, 4])
      await next.leave(soon())
    })

    it('begins at the end when that is asked for', async () => {
      const topic = await makeTopic(client)
      await fill(client, topic, 5)
      const member = await client.join(membership(topic, { start: 'end' }), new Hearing(), soon())
      const coming = take(member, 1)
      await fill(client, topic, 1)
      expect((await coming).map(({ offset }) => offset)).toEqual([5])
      await member.leave(soon())
    })

    it('is divided among its members as they come and go, and commits what is given up', async () => {
      const topic = await makeTopic(client, 4)
      for (const partition of [0, 1, 2, 3]) await fill(client, topic, 2, partition)
      const [one, two] = [new Hearing(), new Hearing()]
      const first = await client.join(membership(topic), one, soon())
      expect(await take(first, 8)).toHaveLength(8)
      const places = one.assignedParts.map((part) => ({ ...part, offset: 2, note: '' }))
      one.onRevoked = async () => await first.commit(places, soon())
      const second = await client.join(membership(topic), two, soon())
      await Promise.all([one.has(2), two.has(2)])
      expect(
        new Map([...one.assignedParts, ...two.assignedParts].map(({ partition, offset }) => [partition, offset])),
      ).toEqual(new Map([0, 1, 2, 3].map((partition) => [partition, 2])))
      one.onRevoked = async () => {}
      const mine = one.assignedParts[0]?.partition ?? -1
      const coming = take(first, 1)
      await fill(client, topic, 1, mine)
      expect(await coming).toHaveLength(1)
      await second.leave(soon())
      await one.has(4)
      expect(one.said.slice(0, 3)).toEqual(['assigned 0,1,2,3', 'revoked given-up', expect.stringMatching(/assigned/)])
      await first.leave(soon())
    })

    it('takes no commit of one who is not in it any more', async () => {
      const topic = await makeTopic(client)
      const hearing = new Hearing()
      const member = await client.join(membership(topic), hearing, soon())
      await member.leave(soon())
      const late = member.commit([{ topic, partition: 0, offset: 1, note: '' }], soon())
      await expect(late).rejects.toMatchObject({ code: expect.stringMatching('UNKNOWN_MEMBER_ID|ILLEGAL_GENERATION') })
    })
  })

  it('ends all that is open when it is closed', async () => {
    const own = await port.connect({ brokers, clientId: 'closing', times: defaultTimes }, soon())
    const topic = await makeTopic(own)
    const reading = own.read(from(topic), { maxBytes: 1000 }).next()
    const offsets = own.offsets(topic, 'end', soon())
    const settled = Promise.allSettled([reading, offsets])
    await own.close(soon())
    await own.close(soon())
    expect((await settled).map((one) => (one.status === 'rejected' ? one.reason.code : one.status))).toEqual([
      'CLOSED',
      expect.stringMatching('CLOSED|fulfilled'),
    ])
    expect(await write(own, { topic }, [record('x')])).toMatchObject({ at: 'unsent', error: { code: 'CLOSED' } })
    await expect(own.probe(soon())).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
