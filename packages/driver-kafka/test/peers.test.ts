import type { Delivery } from '@spanwire/driver'
import { silentEndpoint } from '@spanwire/testkit/network'
import { expect, it, onTestFinished } from 'vitest'
import { durable, FLOW, patience, pull, queue, refusal, send, textOf, told } from '../../driver/test/talk.js'
import { dial } from './rig/dial.js'
import { withKafka } from './rig/java.js'
import { asAdmin, plainMember } from './rig/plain.js'
import { siteOf } from './rig/site.js'

const site = siteOf()

withKafka('a cluster with other clients and operators', () => {
  it('shares a group with a plain member: each job goes to one of the two', async () => {
    const { endpoints } = site()
    const spec = queue()
    const channel = await (await dial(endpoints)).open(spec, patience())
    const ours: string[] = []
    const theirs: string[] = []
    let look = (): void => undefined
    const reception = await channel.receive({}, FLOW, patience())
    const take = async (one: Delivery): Promise<void> => {
      await one.settle('ack')
      ours.push(textOf(one))
      look()
    }
    const working = (async () => {
      for (let batch = await reception.next(); batch; batch = await reception.next()) {
        await Promise.all(batch.deliveries.map((one) => take(one).catch(() => undefined)))
      }
    })()
    await plainMember(endpoints, spec.name, (text) => {
      theirs.push(text)
      look()
    })
    const bodies = Array.from({ length: 60 }, (_, at) => `job ${at}`)
    await send(channel, ...bodies.map((body, at) => ({ path: `k${at}`, body })))
    await new Promise<void>((resolve) => {
      look = () => {
        if (new Set([...ours, ...theirs]).size === bodies.length) resolve()
      }
      look()
    })
    expect(ours.length).toBeGreaterThan(0)
    expect(theirs.length).toBeGreaterThan(0)
    expect([...ours, ...theirs].sort()).toEqual([...bodies].sort())
    await reception.stop(patience())
    await working
  })

  it('flags what a worker that ended without a word may have begun, and nothing that came after', async () => {
    const { endpoints } = site()
    const spec = queue()
    const options = { driver: { sessionMs: 1_000, partitions: 1 } }
    const [doomed, heir] = [await dial(endpoints, options), await dial(endpoints, options)]
    const [first, second] = [await doomed.open(spec, patience()), await heir.open(spec, patience())]
    const reception = await first.receive({}, FLOW, patience())
    await send(second, { path: 'a', body: 'begun' })
    expect((await pull(reception, 1)).map(({ attempt }) => attempt)).toEqual([1])
    await doomed.close(AbortSignal.abort())
    const again = await second.receive({}, FLOW, patience())
    expect((await pull(again, 1)).map((one) => [textOf(one), one.attempt])).toEqual([['begun', 2]])
    await send(second, { path: 'b', body: 'new' })
    expect((await pull(again, 1)).map((one) => [textOf(one), one.attempt])).toEqual([['new', 1]])
  })

  it('a topic that is deleted under a live link ends its readers alone, and comes back when it is opened again', async () => {
    const { endpoints } = site()
    const link = await dial(endpoints)
    const [doomed, well] = [durable(), durable()]
    const [a, b] = [await link.open(doomed, patience()), await link.open(well, patience())]
    const [ra, rb] = [await a.receive({}, FLOW, patience()), await b.receive({}, FLOW, patience())]
    await send(a, 'before')
    expect((await pull(ra, 1)).map(textOf)).toEqual(['before'])
    await asAdmin(endpoints, (admin) => admin.deleteTopics({ topics: [doomed.name] }))
    expect(await refusal(pull(ra, 1))).toMatchObject({ code: 'not-found', scope: 'channel' })
    expect((await send(a, 'into the void')).map(told)).toEqual([expect.stringMatching(/^(refused|unsent)/)])
    expect((await send(b, 'goes on')).map(told)).toEqual(['done'])
    expect((await pull(rb, 1)).map(textOf)).toEqual(['goes on'])
    const again = await link.open(doomed, patience())
    const reader = await again.receive({}, FLOW, patience())
    expect((await send(again, 'anew')).map(told)).toEqual(['done'])
    expect((await pull(reader, 1)).map(textOf)).toEqual(['anew'])
  })

  it('connects though the first brokers of the list are dead or hang', async () => {
    const { endpoints } = site()
    const silent = await silentEndpoint()
    onTestFinished(() => silent.close())
    const link = await dial(['127.0.0.1:1', silent.endpoint, ...endpoints])
    const channel = await link.open(durable(), patience())
    expect((await send(channel, 'through')).map(told)).toEqual(['done'])
  })

  it('refuses what is above the limit of the topic, and takes what is right below', async () => {
    const { endpoints } = site()
    const spec = durable()
    await asAdmin(endpoints, (admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [
          { topic: spec.name, numPartitions: 3, configEntries: [{ name: 'max.message.bytes', value: '20000' }] },
        ],
      }),
    )
    const channel = await (await dial(endpoints)).open(spec, patience())
    const { maxBytes } = channel.can
    expect(maxBytes).toBeLessThan(20_000)
    const outcomes = await send(channel, 'x'.repeat(maxBytes + 1), 'y'.repeat(maxBytes), 'z')
    expect(outcomes.map(told)).toEqual(['refused too-large', 'done', 'done'])
  })

  it('tells at open that a topic has other partitions than the site says', async () => {
    const { endpoints } = site()
    const spec = durable()
    await (await dial(endpoints)).open(spec, patience())
    const other = await dial(endpoints, { driver: { partitions: 4 } })
    const error = await refusal(other.open(spec, patience()))
    expect(error).toMatchObject({ code: 'conflict', retryable: false })
    expect(error.message).toMatch(/3 partitions/)
  })
})
