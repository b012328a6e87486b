import { connect } from 'node:net'
import { bytes, queue as bytesQueue, type Client, createClient, primary } from '@spanwire/core'
import { expect, it, onTestFinished } from 'vitest'
import { durable, FLOW, patience, pull, queue, refusal, send, textOf, told } from '../../driver/test/talk.js'
import { defaultTimes, kafka, kafkajs } from '../src/index.js'
import { Writer } from '../src/port/protocol/bytes.js'
import {
  commitOffsets,
  fetchOffsets,
  findCoordinator,
  heartbeat,
  joinGroup,
  leaveGroup,
  syncGroup,
} from '../src/port/protocol/group-requests.js'
import { END, fetch, listOffsets, produce } from '../src/port/protocol/log-requests.js'
import { apiVersions, metadata, type Request } from '../src/port/protocol/requests.js'
import { createTopic, deleteTopic, describeTopic } from '../src/port/protocol/topic-requests.js'
import { dial } from './rig/dial.js'
import { withKafka } from './rig/java.js'
import { kcat, noKcat } from './rig/kcat.js'
import { asAdmin } from './rig/plain.js'
import { aTopic, soon } from './rig/port.js'
import { ask } from './rig/raw.js'
import { siteOf } from './rig/site.js'

const site = siteOf()

/** By number of the request: the oldest and the newest version that the broker speaks. */
const ranges: Request<ReadonlyMap<number, readonly [number, number]>> = {
  ...apiVersions(),
  read: (reader) => {
    reader.int16()
    return new Map(reader.list((one) => [one.int16(), [one.int16(), one.int16()]] as const))
  },
}

/** All that we ever ask. */
function requests(): readonly Pick<Request<unknown>, 'api' | 'version'>[] {
  const who = { group: 'g', generation: 1, member: 'm', instance: undefined }
  const subscription = Buffer.alloc(0)
  const place = { topic: 't', partition: 0, offset: 0 }
  return [
    apiVersions(),
    metadata([], 0),
    metadata([], 99),
    produce([], 1_000),
    fetch([place], { waitMs: 1, maxBytes: 1 }),
    listOffsets('t', [0], END),
    findCoordinator('g'),
    joinGroup({ ...who, sessionMs: 6_000, rebalanceMs: 6_000, ways: ['range'], subscription }),
    syncGroup(who, []),
    heartbeat(who),
    leaveGroup(who),
    commitOffsets(who, [{ ...place, note: '' }]),
    fetchOffsets('g', [place]),
    createTopic({ name: 't', partitions: 1 }, 1_000),
    deleteTopic('t', 1_000),
    describeTopic('t'),
  ]
}

withKafka('bad input', () => {
  it('an unknown topic, where neither the brokers nor the site make it: said at open, and made by nobody', async () => {
    const { endpoints } = site()
    const spec = durable()
    const link = await dial(endpoints, { missing: 'refuse' })
    const error = await refusal(link.open(spec, patience()))
    expect(error).toMatchObject({ code: 'not-found', scope: 'channel', retryable: false })
    expect(error.message).toMatch(new RegExp(`Topic ${spec.name} does not exist.*create it`))
    expect(await refusal(link.open(spec, patience()))).toMatchObject({ code: 'not-found' })
    await (await dial(endpoints)).open(spec, patience())
    const channel = await link.open(spec, patience())
    const reception = await channel.receive({}, FLOW, patience())
    expect((await send(channel, 'known now')).map(told)).toEqual(['done'])
    expect((await pull(reception, 1)).map(textOf)).toEqual(['known now'])
  })

  it('Kafka 4 against old clients: we ask nothing that it has removed', async () => {
    const [endpoint = ''] = site().endpoints
    const spoken = await ask(endpoint, ranges, 5_000)
    for (const { api, version } of requests()) {
      const [oldest, newest] = spoken?.get(api) ?? [Number.POSITIVE_INFINITY, -1]
      expect([api, version >= oldest && version <= newest], `${version} is in ${oldest} to ${newest}`).toEqual([
        api,
        true,
      ])
    }
    // What an old client still asks, and the reason that Kafka 4 drops it: it is answered by the end of the connection.
    expect(spoken?.get(0)?.[1]).toBeGreaterThan(2)
    const old = new Writer().int16(0).int16(1).int32(1).text('old').int16(-1).int32(1_000).int32(0).done()
    const [host = '', port = ''] = endpoint.split(':')
    const socket = connect({ host, port: Number(port) })
    onTestFinished(() => void socket.destroy())
    socket.write(Buffer.concat([new Writer().int32(old.length).done(), old]))
    const said = await new Promise((resolve) => {
      socket.once('data', resolve)
      socket.once('close', () => resolve('closed'))
    })
    expect(said).toBe('closed')
  })

  it.skipIf(noKcat)('Kafka 4 against an old client: its user reads that it was cut off, and ours go on', async () => {
    const { endpoints } = site()
    const spec = queue()
    const channel = await (await dial(endpoints)).open(spec, patience())
    const old = [
      '-X',
      'api.version.request=false',
      '-X',
      'broker.version.fallback=0.9.0',
      '-X',
      'message.timeout.ms=1000',
    ]
    const produced = kcat(endpoints, ['-P', '-t', spec.name, ...old], 'old\n')
    await expect(produced).rejects.toThrow(/Disconnected|transport failure|timed out/)
    await kcat(endpoints, ['-P', '-t', spec.name], 'new\n')
    const reception = await channel.receive({}, FLOW, patience())
    expect((await pull(reception, 1)).map(textOf)).toEqual(['new'])
  })

  it('Kafka 4 against old settings: the message format of before is refused with a sentence, and the client lives', async () => {
    const { endpoints } = site()
    const client = await kafkajs().connect({ brokers: endpoints, clientId: 'old', times: defaultTimes }, soon())
    onTestFinished(() => client.close(soon()))
    const settings = { 'message.format.version': '0.10.2' }
    const made = client.create({ name: aTopic(), partitions: 1, settings }, soon())
    await expect(made).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      fatal: false,
      message: expect.stringContaining('message.format.version'),
    })
    await client.probe(soon())
  })

  it('a job as large as its topic takes, which fails: tried again, and then a dead letter', async () => {
    const { endpoints } = site()
    const { name } = queue()
    const link = await dial(endpoints, { driver: { partitions: 1 } })
    const { maxBytes } = (await link.open({ name, params: 0, kind: 'queue', leaseMs: 30_000 }, patience())).can
    const dead = bytesQueue(`${name}.dead`, bytes)
    const client = clientOf(endpoints)
    const letter = new Promise<number>((resolve) => {
      client.consume(dead, (value) => resolve(value.length))
    })
    const tries: number[] = []
    client.consume(bytesQueue(name, bytes, { deadLetter: dead.name, maxDeliveries: 2, retry: ['1ms'] }), (_, job) => {
      tries.push(job.attempt)
      throw new Error('n'.repeat(500))
    })
    await client.send(bytesQueue(name, bytes), new Uint8Array(maxBytes))
    expect(await letter).toBe(maxBytes)
    expect(tries).toEqual([1, 2])
  })

  it('a job that the topic of its dead letter does not take: others go on, and it comes again with a warning', async () => {
    const { endpoints } = site()
    const { name } = queue()
    const small = [{ name: 'max.message.bytes', value: '20000' }]
    await asAdmin(endpoints, (admin) =>
      admin.createTopics({ topics: [{ topic: `${name}.dead`, numPartitions: 1, configEntries: small }] }),
    )
    const client = clientOf(endpoints)
    const orders = bytesQueue(name, bytes, { deadLetter: `${name}.dead`, maxDeliveries: 1, lease: '1s' })
    const warnings = warningsOf(client)
    const runs: number[] = []
    const worker = client.consume(orders, (value) => {
      runs.push(value.length)
      if (value.length > 10) throw new Error('no')
    })
    await worker.ready
    await client.send(orders, new Uint8Array(50_000))
    await client.send(orders, new Uint8Array(1))
    for (const _ of ['at once', 'after its lease']) {
      const { value } = await warnings.next()
      expect(value).toMatch(new RegExp(`${name} .*reject was not confirmed, it may come again: .*more than the \\d+`))
    }
    expect(runs).toEqual([50_000, 1, 50_000])
  })
})

function clientOf(endpoints: readonly string[]): Client {
  const here = { environment: 'on-prem' } as const
  const driver = kafka({ partitions: 1, sessionMs: 3_000 })
  const client = createClient({
    here,
    sites: { a: { location: here, driver, endpoints } },
    routes: [{ match: '>', policy: primary('a') }],
  })
  onTestFinished(() => client.close({ timeout: '1s' }))
  return client
}

/** From now on. */
function warningsOf(client: Client): AsyncIterator<string, void> {
  const events = client.watch()[Symbol.asyncIterator]()
  return {
    next: async () => {
      for (;;) {
        const { value, done } = await events.next()
        if (done) return { done, value: undefined }
        if (value.type === 'warning') return { value: value.message, done: false }
      }
    },
  }
}
