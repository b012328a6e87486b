import { describe, expect, it, onTestFinished } from 'vitest'
import { defaultTimes, type KafkaClient, kafkajs, platformatic } from '../src/index.js'
import { noKafka } from './rig/java.js'
import { fill, Hearing, makeTopic, soon, take } from './rig/port.js'
import { siteOf } from './rig/site.js'

const PORTS = [
  ['kafkajs', kafkajs()],
  ['platformatic', platformatic()],
] as const

const site = siteOf()

describe.skipIf(noKafka).each(PORTS)(`members with a name on %s${noKafka ?? ''}`, (_, port) => {
  const connect = async (): Promise<KafkaClient> => {
    const brokers = site().endpoints
    const client = await port.connect({ brokers, clientId: 'static', times: defaultTimes }, soon())
    onTestFinished(() => client.close(soon()))
    return client
  }

  it('one that goes and comes back gets its partitions again, and the other keeps its own without a pause', async () => {
    const one = await connect()
    const topic = await makeTopic(one, 4)
    const membership = (instance: string) => ({
      group: `g-${topic}`,
      topics: [topic],
      start: 'beginning' as const,
      instance,
      sessionMs: 10_000,
      heartbeatMs: 100,
      rebalanceMs: 6_000,
      maxBytes: 100_000,
    })
    const [ann, bob] = [new Hearing(), new Hearing()]
    await one.join(membership('ann'), ann, soon())
    const two = await connect()
    await two.join(membership('bob'), bob, soon())
    await Promise.all([ann.has(2), bob.has(2)])
    const annSaid = ann.said.length
    const before = bob.assignedParts.map(({ partition }) => partition)
    await two.close(soon())
    const again = new Hearing()
    const back = await (await connect()).join(membership('bob'), again, soon())
    expect(again.assignedParts.map(({ partition }) => partition)).toEqual(before)
    const client = await connect()
    for (const partition of before) await fill(client, topic, 1, partition)
    expect(await take(back, 2)).toHaveLength(2)
    expect(ann.said.slice(annSaid)).toEqual([])
  })
})
