import { connect } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { durable, FLOW, patience, pull, refusal, send, textOf, told } from '../../driver/test/talk.js'
import { defaultTimes, kafkajs } from '../src/index.js'
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
})
