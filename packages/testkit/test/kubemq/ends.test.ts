import { status } from '@grpc/grpc-js'
import { beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../src/conformance/wait.js'
import {
  Event,
  type kubemqClient,
  type PingResult,
  type QueuesInfoResponse,
  Request,
  QueuesDownstreamRequestType as Type,
} from '../../src/kubemq/proto.js'
import { Relay } from '../../src/network/index.js'
import { ask, client, endLater, fresh, onlyOwn, ownPeer, type Peer, START_MS, settled } from './peer.js'
import { body, Downstream, Heard, numbered, range, respond, subscribe, textOf, Upstream } from './streams.js'

const timeout = START_MS

const ways = ['kill', 'terminate'] as const

async function ended(peer: Peer, how: (typeof ways)[number]): Promise<kubemqClient> {
  await peer[how]()
  await peer.restart()
  return await client(peer.endpoint)
}

async function waiting(one: kubemqClient, queueName: string): Promise<bigint | undefined> {
  const answer = (await ask(one.queuesInfo.bind(one), { requestId: 'r', queueName })) as QueuesInfoResponse
  return answer.info?.waiting
}

describe.concurrent('the end of a server', () => {
  beforeEach(onlyOwn)

  it.each(ways)('by %s drops every stream and every call', { timeout }, async (how) => {
    await using peer = await ownPeer()
    const one = await client(peer.endpoint)
    const queue = fresh('queue')
    const events = one.sendEventsStream()
    const streams = [
      subscribe(one, { subscribeTypeData: 1, channel: 'a' }),
      subscribe(one, { subscribeTypeData: 2, eventsStoreTypeData: 2, channel: 'a' }),
      respond(one, { subscribeTypeData: 4, channel: 'a' }),
      new Heard(events),
      new Upstream(one).heard,
    ]
    const down = new Downstream(one)
    await down.get(queue, 1)
    streams.push(down.heard as never)
    await settled(one)
    const asked = Request.create({ clientId: 'c', channel: 'a', body: body('?'), timeout: 30_000, requestTypeData: 2 })
    const call = ask(one.sendRequest.bind(one), asked)
    await streams[2]?.have(1)
    await peer[how]()
    // The second one is told where the server left something unread.
    const details = expect.stringMatching(/^(Connection dropped|read ECONNRESET)$/)
    const dropped = { code: status.UNAVAILABLE, details }
    for (const stream of streams) expect(await stream.failed()).toEqual(dropped)
    expect(await call).toMatchObject(dropped)
  })

  it.each(ways)('by %s leaves what was answered for, another start, and the same name', { timeout }, async (how) => {
    await using peer = await ownPeer()
    const before = await client(peer.endpoint)
    const [queue, channel] = [fresh('queue'), fresh('store')]
    const ping = (one: kubemqClient) => ask<object, PingResult>(one.ping.bind(one), {}) as Promise<PingResult>
    const first = await ping(before)
    const stream = before.sendEventsStream()
    const results = new Heard(stream)
    for (const text of range(200)) {
      stream.write(Event.create({ eventId: text, clientId: 'p', channel, body: body(text), store: true }))
    }
    await new Upstream(before).send(numbered(queue, 200))
    await results.have(200)
    const one = await ended(peer, how)
    const next = await ping(one)
    expect(next.host).toBe(first.host)
    expect(next.serverStartTime).toBeGreaterThan(first.serverStartTime)
    expect((await new Downstream(one).get(queue, 200)).bodies).toEqual(range(200))
    const again = subscribe(one, { subscribeTypeData: 2, eventsStoreTypeData: 2, channel })
    expect((await again.have(200)).map(textOf)).toEqual(range(200))
    await ask(one.sendEvent.bind(one), Event.create({ clientId: 'p', channel, body: body('201'), store: true }))
    const [, last] = [await again.have(201), again.all[200]]
    expect(last?.sequence).toBe(201n)
  })

  it('in between does not lose a delayed message', { timeout }, async () => {
    await using peer = await ownPeer()
    const before = await client(peer.endpoint)
    const queue = fresh('queue')
    const policy = { expirationSeconds: 0, delaySeconds: 2, maxReceiveCount: 0, maxReceiveQueue: '' }
    await new Upstream(before).send([{ channel: queue, body: body('x'), policy }])
    const one = await ended(peer, 'kill')
    expect((await new Downstream(one).get(queue, 1, { waitTimeout: 6_000 })).bodies).toEqual(['x'])
  })
})

describe.concurrent('ghost consumers (C5)', () => {
  beforeEach(onlyOwn)

  it('hold what was unsettled when the server was killed, also over a clean restart', { timeout }, async () => {
    await using peer = await ownPeer()
    const before = await client(peer.endpoint)
    const queue = fresh('queue')
    await new Upstream(before).send(numbered(queue, 10))
    expect((await new Downstream(before).get(queue, 10)).bodies).toHaveLength(10)
    for (const how of ways) {
      const one = await ended(peer, how)
      expect((await new Downstream(one).get(queue, 10)).bodies).toEqual([])
      // The sign of it.
      expect(await waiting(one, queue)).toBe(10n)
    }
  })

  it('are none of what was unsettled when it ended cleanly', { timeout }, async () => {
    await using peer = await ownPeer()
    const before = await client(peer.endpoint)
    const queue = fresh('queue')
    await new Upstream(before).send(numbered(queue, 10))
    expect((await new Downstream(before).get(queue, 10)).bodies).toHaveLength(10)
    const one = await ended(peer, 'terminate')
    expect((await new Downstream(one).get(queue, 10, { waitTimeout: 3_000 })).bodies).toHaveLength(10)
  })

  it.each(ways)(
    'of Gets that waited at the end by %s swallow as much of what is sent later',
    { timeout },
    async (how) => {
      await using peer = await ownPeer()
      const before = await client(peer.endpoint)
      const queue = fresh('queue')
      for (let i = 0; i < 3; i++) {
        new Downstream(before).tell({ requestTypeData: Type.GET, channel: queue, maxItems: 5, waitTimeout: 60_000 })
      }
      await settled(before)
      const one = await ended(peer, how)
      await new Upstream(one).send(numbered(queue, 40))
      const stream = new Downstream(one)
      const got = await stream.get(queue, 40, { waitTimeout: 2_000 })
      expect(got.bodies).toHaveLength(25)
      await got.ackAll()
      // They are full: what comes now is all delivered.
      await new Upstream(one).send(numbered(queue, 40))
      expect((await stream.get(queue, 40)).bodies).toHaveLength(40)
    },
  )

  it('is none of a single Get that waited on a queue that was consumed before, at a SIGKILL', { timeout }, async () => {
    await using peer = await ownPeer()
    const before = await client(peer.endpoint)
    const queue = fresh('queue')
    await new Upstream(before).send(numbered(queue, 3))
    const stream = new Downstream(before)
    await (await stream.get(queue, 3)).ackAll()
    stream.tell({ requestTypeData: Type.GET, channel: queue, maxItems: 5, waitTimeout: 60_000 })
    await settled(before)
    const one = await ended(peer, 'kill')
    await new Upstream(one).send(numbered(queue, 10))
    expect((await new Downstream(one).get(queue, 10)).bodies).toHaveLength(10)
  })
})

describe.concurrent('a connection that is half open', () => {
  it('keeps its client id registered until it is closed (C6)', { timeout }, async () => {
    const peer = await client()
    const relay = await Relay.listen({ target: Number(peer.getChannel().getTarget().split(':').at(-1)) })
    endLater(() => void relay.close())
    const gone = await client(`127.0.0.1:${relay.port}`)
    const wanted = {
      clientId: fresh('reader'),
      channel: fresh('c'),
      subscribeTypeData: 2,
      eventsStoreTypeData: 2,
    } as const
    subscribe(gone, wanted)
    await settled(gone)
    // Its client is gone, and the server has not been told.
    relay.strand('client')
    for (let i = 0; i < 3; i++) {
      const refused = await subscribe(peer, wanted).failed()
      expect(refused.details).toBe('stan: clientID already registered')
      await settled(peer)
    }
    relay.cut()
    const isFree = async (): Promise<boolean> => {
      const heard = subscribe(peer, wanted)
      await settled(peer)
      return heard.error === undefined
    }
    await eventually('the id is free', isFree, 10_000)
  })
})
