import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { elapse, eventually } from '../../src/conformance/wait.js'
import { CALM, type KubemqDouble, type Quirks, startKubemqDouble } from '../../src/kubemq/index.js'
import {
  Event,
  type kubemqClient,
  QueueMessagesBatchRequest,
  Subscribe,
  QueuesDownstreamRequestType as Type,
} from '../../src/kubemq/proto.js'
import { createAuthority } from '../../src/network/index.js'
import { ask, client, clientOver, fresh, settled } from './peer.js'
import { body, Downstream, Heard, numbered, queueMessage, range, respond, subscribe, Upstream } from './streams.js'

/** What a test makes certain that a real server does now and then. */
async function withQuirks(quirks: Partial<Quirks>): Promise<{ double: KubemqDouble; one: kubemqClient }> {
  const double = await startKubemqDouble({ quirks: { ...CALM, ...quirks } })
  return { double, one: await client(double.endpoint) }
}

describe.concurrent('made certain', () => {
  it('an upstream request is stored and never answered (C2)', async () => {
    const { double, one } = await withQuirks({ unanswered: 1 })
    await using _ = double
    const up = new Upstream(one)
    up.tell(numbered('queue', 3))
    expect((await new Downstream(one).get('queue', 3)).bodies).toEqual(range(3))
    expect(up.heard.all).toEqual([])
    // What was not stored is answered.
    expect((await up.send([{ channel: 'a b', body: body('x') }])).results[0]?.isError).toBe(true)
    const batch = QueueMessagesBatchRequest.create({ messages: numbered('queue', 1).map(queueMessage) })
    const late = ask(one.sendQueueMessagesBatch.bind(one), batch).then(() => 'answered')
    expect((await new Downstream(one).get('queue', 1)).bodies).toEqual(['1'])
    double.misbehave({ unanswered: 0 })
    expect((await up.send(numbered('queue', 1))).isError).toBe(false)
    expect(await Promise.race([late, elapse(50)])).toBeUndefined()
    const single = await ask(one.sendQueueMessage.bind(one), queueMessage({ channel: 'queue', body: body('x') }))
    expect(single).toMatchObject({ isError: false })
  })

  it('an upstream request is not answered now and then, at the rate that is asked for (C2)', async () => {
    const { double, one } = await withQuirks({ unanswered: 0.2 })
    await using _ = double
    const up = new Upstream(one)
    for (let i = 0; i < 50; i++) up.tell(numbered('queue', 1))
    await new Downstream(one).get('queue', 50)
    double.misbehave({ unanswered: 0 })
    // Its answer comes behind those of all others.
    await up.send(numbered('queue', 1))
    expect(up.heard.all.length).toBeGreaterThan(25)
    expect(up.heard.all.length).toBeLessThan(51)
  })

  it('a request over the limit on an upstream ends the server, and as a call of its own it does not (C18)', async () => {
    const { double, one } = await withQuirks({ crashes: 1, maxBytes: 1_000 })
    await using _ = double
    const large = queueMessage({ channel: 'queue', body: new Uint8Array(2_000) })
    const said = await ask(one.sendQueueMessage.bind(one), large)
    expect(said).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    const dropped = one.sendEventsStream()
    const ended = new Promise((resolve) => dropped.on('error', resolve))
    new Upstream(one).tell([large])
    expect(await ended).toMatchObject({ code: status.UNAVAILABLE })
    await double.restart()
    const again = await client(double.endpoint)
    expect(await ask(again.ping.bind(again), {})).toMatchObject({ host: double.host })
  })

  it('of two consumers of one queue with a backlog what is given is lost (C3)', async () => {
    const { double, one } = await withQuirks({ lost: 1 })
    await using _ = double
    await new Upstream(one).send(numbered('queue', 20))
    const get = { requestTypeData: Type.GET, channel: 'queue', maxItems: 10, waitTimeout: 1_000 }
    // Alone nothing is lost.
    const held = await new Downstream(one).get('queue', 1)
    expect(held.bodies).toEqual(['1'])
    const other = await new Downstream(one).ask(get)
    expect(other.messages).toHaveLength(1)
    const info = await ask(one.queuesInfo.bind(one), { requestId: '', queueName: 'queue' })
    expect(info).toMatchObject({ info: { waiting: 2n } })
  })

  it('of two consumers of one queue with a backlog what is acknowledged comes again (C3)', async () => {
    const { double, one } = await withQuirks({ doubled: 1 })
    await using _ = double
    await new Upstream(one).send(numbered('queue', 30))
    const [a, b] = [new Downstream(one), new Downstream(one)]
    const [mine] = await Promise.all([a.get('queue', 10), b.get('queue', 10)])
    await mine.ackAll()
    double.misbehave({ doubled: 0 })
    const rest = await a.get('queue', 20)
    for (const text of mine.bodies) expect(rest.bodies).toContain(text)
  })

  it('an AckRange of all leaves the transaction open, and it swallows (C4)', async () => {
    const { double, one } = await withQuirks({ lingering: 1 })
    await using _ = double
    const [up, stream] = [new Upstream(one), new Downstream(one)]
    await up.send(numbered('queue', 3))
    const got = await stream.get('queue', 3)
    expect(await got.settle(Type.ACK_RANGE, { sequenceRange: [...got.seqs] })).toBe('')
    await up.send(numbered('queue', 3))
    const other = new Downstream(one)
    expect((await other.get('queue', 3)).bodies).toEqual([])
    await got.settle(Type.CLOSE_BY_CLIENT)
    expect((await other.get('queue', 3)).bodies).toEqual(range(3))
  })

  it('a subscription takes nothing before its time, and nothing tells when that is (3.2)', async () => {
    const { double, one } = await withQuirks({ settleMs: 300 })
    await using _ = double
    const all = [
      subscribe(one, { subscribeTypeData: 1, channel: 'c' }),
      subscribe(one, { subscribeTypeData: 2, eventsStoreTypeData: 1, channel: 'c' }),
    ]
    const send = async (text: string) => {
      for (const store of [true, false])
        await ask(one.sendEvent.bind(one), Event.create({ clientId: 'p', channel: 'c', body: body(text), store }))
    }
    await send('early')
    await elapse(350)
    await send('late')
    for (const heard of all) {
      const got = await heard.have(1)
      expect(got.map((event) => Buffer.from(event.body).toString())).toEqual(['late'])
    }
  })

  it('a call is unknown to the server', async () => {
    const { double, one } = await withQuirks({ without: ['QueuesInfo'] })
    await using _ = double
    const answer = await ask(one.queuesInfo.bind(one), { requestId: '', queueName: '' })
    expect(answer).toMatchObject({ code: status.UNIMPLEMENTED })
  })

  it('a send into a poisoned name hangs, breaks the client that sent it, and every 200th request after it (3.4)', async () => {
    const { double, one } = await withQuirks({ publishAckMs: 200 })
    await using _ = double
    const up = new Upstream(one)
    const poisoned = await up.send([{ channel: 'a\nb', body: body('x') }])
    expect(poisoned.results[0]).toMatchObject({ isError: true, error: 'stan: publish ack timeout' })
    const errors: number[] = []
    for (let i = 1; i <= 400; i++) {
      const { results } = await up.send([{ channel: 'queue', body: body('x') }])
      if (results[0]?.isError) errors.push(i)
    }
    expect(errors).toEqual([200, 400])
  })
})

describe.concurrent('the limits', () => {
  it('are in the real server’s words, whichever call and stream it is', async () => {
    const { double, one } = await withQuirks({ maxBytes: 1_000 })
    await using _ = double
    const large = { channel: 'queue', body: new Uint8Array(1_000) }
    const details = expect.stringMatching(/^grpc: received message larger than max \(10\d\d vs\. 1000\)$/)
    const refused = { code: status.RESOURCE_EXHAUSTED, details }
    expect(await ask(one.sendQueueMessage.bind(one), queueMessage(large))).toMatchObject(refused)
    const up = new Upstream(one)
    up.tell([large])
    expect(await up.heard.failed()).toEqual(refused)
  })

  it('end a stream whose answer would be larger, and the messages come back, so that it happens again (5.1)', async () => {
    const { double, one } = await withQuirks({})
    await using _ = double
    const up = new Upstream(one)
    for (let i = 0; i < 2; i++) await up.send([{ channel: 'queue', body: new Uint8Array(600) }])
    double.misbehave({ maxBytes: 1_000 })
    for (let i = 0; i < 2; i++) {
      const stream = new Downstream(one)
      stream.tell({ requestTypeData: Type.GET, channel: 'queue', maxItems: 2, waitTimeout: 1_000 })
      const { code, details } = await stream.heard.failed()
      expect(code).toBe(status.RESOURCE_EXHAUSTED)
      expect(details).toMatch(/^trying to send message larger than max \(1\d\d\d vs\. 1000\)$/)
    }
    expect((await new Downstream(one).get('queue', 1, { waitTimeout: 3_000 })).bodies).toHaveLength(1)
  })

  it('of a subscriber that does not read: single events in the middle are lost (3.2)', async () => {
    const { double, one } = await withQuirks({ buffered: 5, writeDeadlineMs: 100 })
    await using _ = double
    const call = one.subscribeToEvents(Subscribe.create({ clientId: 'slow', channel: 'c', subscribeTypeData: 1 }))
    const seen: number[] = []
    call.on('error', () => {})
    call.on('data', (event: { readonly body: Uint8Array }) => seen.push(Buffer.from(event.body).readUInt32LE()))
    call.pause()
    await settled(one)
    const stream = one.sendEventsStream()
    const results = new Heard(stream)
    const count = 400
    const event = (number: number, bytes: number): Event => {
      const body = Buffer.alloc(bytes)
      body.writeUInt32LE(number)
      return Event.create({ clientId: 'p', channel: 'c', body })
    }
    for (let i = 0; i < count; i++) stream.write(event(i, 20_000))
    stream.end()
    await results.ended()
    // Each of them is longer than a deadline, also on a machine that stands still for a while: so many are lost.
    for (let i = 0; i < 4; i++) await elapse(110)
    call.resume()
    // The last one may be among the lost. What comes behind them all is sent until one of it has arrived.
    await eventually(
      'one behind them arrives',
      async () => {
        await ask(one.sendEvent.bind(one), event(count, 4))
        return seen.includes(count)
      },
      20_000,
    )
    call.cancel()
    const arrived = seen.filter((number) => number < count)
    expect(count - arrived.length).toBeGreaterThan(1)
    expect(count - arrived.length).toBeLessThan(count / 4)
    expect(arrived).toEqual([...new Set(arrived)].sort((x, y) => x - y))
  })
})

describe.concurrent('the double', () => {
  it('says that it is one', async () => {
    const { double, one } = await withQuirks({})
    await using _ = double
    expect(await ask(one.ping.bind(one), {})).toMatchObject({ version: '2.4.0-double', host: double.host })
  })

  it('takes TLS where it has a certificate, and asks nobody for theirs (8)', async () => {
    const authority = createAuthority('own')
    const { cert, key } = authority.issue({ name: 'kubemq', dns: ['localhost'] })
    await using double = await startKubemqDouble({ tls: { cert, key } })
    const endpoint = double.endpoint.replace('127.0.0.1', 'localhost')
    const one = clientOver(endpoint, authority.cert)
    expect(await ask(one.ping.bind(one), {})).toMatchObject({ host: double.host })
    const stranger = clientOver(endpoint, createAuthority('strange').cert)
    expect(await ask(stranger.ping.bind(stranger), {})).toMatchObject({ code: status.UNAVAILABLE })
    const plain = clientOver(endpoint)
    expect(await ask(plain.ping.bind(plain), {})).toMatchObject({ code: status.UNAVAILABLE })
  })

  it('starts at its endpoint with what it kept, or without, and each start has another time', async () => {
    const { double, one } = await withQuirks({})
    await using _ = double
    const { endpoint } = double
    await new Upstream(one).send(numbered('queue', 3))
    await double.restart()
    expect(double.endpoint).toBe(endpoint)
    const kept = await client(endpoint)
    expect((await new Downstream(kept).get('queue', 3)).bodies).toEqual(range(3))
    await double.restart({ data: 'wipe' })
    const empty = await client(endpoint)
    expect((await new Downstream(empty).get('queue', 1)).bodies).toEqual([])
  })

  it('gives each of its runs back whom it asks: nobody is left when it is gone', async () => {
    const double = await startKubemqDouble()
    const one = await client(double.endpoint)
    const heard = respond(one, { subscribeTypeData: 4, channel: fresh('c') })
    await double[Symbol.asyncDispose]()
    expect(await heard.failed()).toMatchObject({ code: status.UNAVAILABLE })
    await double.stop('kill')
  })
})
