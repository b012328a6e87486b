import { type EngineNode, type Engines, installEngine, startEngines } from '@spanwire/testkit/engines'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { defaultTimes, type KafkaClient, kafkajs, platformatic } from '../src/index.js'
import { noKafka } from './rig/java.js'
import { from, Hearing, makeTopic, record, soon, take, text, write } from './rig/port.js'

const PORTS = [
  ['kafkajs', kafkajs()],
  ['platformatic', platformatic()],
] as const

/** What brokers take to fence one that hangs, 3 s, the election of a controller, and a loaded machine. */
const FENCED_MS = 30_000

describe.skipIf(noKafka).each(PORTS)(`faults under the port on %s${noKafka ?? ''}`, { timeout: 120_000 }, (_, port) => {
  let engines: Engines | undefined
  let client: KafkaClient
  let nodes: readonly EngineNode[] = []

  beforeAll(async () => {
    await installEngine('kafka')
  }, 600_000)

  beforeEach(async () => {
    engines = await startEngines({ engine: 'kafka', nodes: 3 })
    nodes = engines.sites[0]?.nodes ?? []
    client = await port.connect({ brokers: brokers(), clientId: 'faults', times: defaultTimes }, soon())
  }, 60_000)

  afterEach(async () => {
    for (const node of nodes) node.heal()
    await client?.close(AbortSignal.abort())
    await engines?.stop()
  }, 60_000)

  const brokers = (): readonly string[] => nodes.map(({ endpoint }) => endpoint)

  async function leaderOf(topic: string): Promise<EngineNode> {
    const leader = (await client.describe(topic, soon()))?.partitions[0]?.leader ?? 0
    const node = nodes[leader - 1]
    if (node === undefined) throw new Error('no leader')
    return node
  }

  /** Writes one value until it is stored. Gives the ms it took. */
  async function insist(topic: string, value: string): Promise<number> {
    const began = performance.now()
    for (;;) {
      const { at } = await write(client, { topic }, [record(value)])
      if (at === 'stored') return performance.now() - began
      if (performance.now() - began > FENCED_MS) throw new Error(`never stored: ${at}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it.each(['hang', 'kill'] as const)(
    'goes on with another leader when one is gone by %s, reading and writing, and loses nothing',
    async (how) => {
      const topic = await makeTopic(client)
      const reader = client.read(from(topic), { maxBytes: 100_000 })
      await insist(topic, 'before')
      expect((await take(reader, 1)).map(({ value }) => text(value))).toEqual(['before'])
      const other = await port.connect({ brokers: brokers(), clientId: 'knew', times: defaultTimes }, soon())
      await other.describe(topic, soon())
      const leader = await leaderOf(topic)
      await leader[how]()
      const tookMs = await insist(topic, 'during')
      const seen = new Set((await take(reader, 1)).map(({ value }) => text(value)))
      expect(seen).toEqual(new Set(['during']))
      console.log(`${how}: written after ${Math.round(tookMs)} ms`)
      reader.close()
      const late = other.read(from(topic), { maxBytes: 100_000 })
      expect((await take(late, 2)).map(({ value }) => text(value))).toEqual(['before', 'during'])
      await other.close(AbortSignal.abort())
    },
  )

  it('is let in at once although the first broker of its list hangs', async () => {
    nodes[0]?.hang()
    const began = performance.now()
    const other = await port.connect({ brokers: brokers(), clientId: 'late', times: defaultTimes }, soon())
    console.log(`let in after ${Math.round(performance.now() - began)} ms`)
    await other.probe(soon())
    await other.close(soon())
  })

  it('stays in its group when the coordinator hangs', async () => {
    const topic = await makeTopic(client)
    const hearing = new Hearing()
    const membership = {
      group: topic,
      topics: [topic],
      start: 'beginning',
      sessionMs: 10_000,
      heartbeatMs: 300,
      rebalanceMs: 10_000,
      maxBytes: 100_000,
    } as const
    const member = await client.join(membership, hearing, soon(30_000))
    await insist(topic, 'one')
    expect(await take(member, 1)).toHaveLength(1)
    const coordinator = await leaderOf('__consumer_offsets')
    coordinator.hang()
    const began = performance.now()
    for (;;) {
      const failed = await member
        .commit([{ topic, partition: 0, offset: 1, note: '' }], soon())
        .catch((error: Error) => error)
      if (failed === undefined) break
      if (performance.now() - began > FENCED_MS) throw failed
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    console.log(`committed after ${Math.round(performance.now() - began)} ms, ${hearing.said.join('; ')}`)
    await insist(topic, 'two')
    await member.leave(soon())
  })
})
