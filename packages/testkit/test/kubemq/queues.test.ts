import { describe, expect, it } from 'vitest'
import { elapse } from '../../src/conformance/wait.js'
import { QueuesDownstreamRequestType as Type } from '../../src/kubemq/proto.js'
import { client, fresh, onlyOwn, ownPeer, START_MS } from './peer.js'
import { body, Downstream, numbered, queueMessage, range, Upstream } from './streams.js'

/** Well above the 100 ms after which the server gives what came back to somebody, whoever is there. */
const LATE_MS = 400

async function queueOf(count: number) {
  const one = await client()
  const queue = fresh('queue')
  if (count > 0) await new Upstream(one).send(numbered(queue, count))
  return { client: one, queue, stream: new Downstream(one) }
}

describe.concurrent('Get', () => {
  it('gives what was sent, in its order, with its place and its time', async () => {
    const { queue, stream } = await queueOf(10)
    const got = await stream.get(queue, 10)
    expect(got.bodies).toEqual(range(10))
    expect(got.seqs).toEqual(range(10).map(BigInt))
    expect(got.counts).toEqual(Array(10).fill(1))
    const { attributes, policy } = got.response.messages[0] ?? {}
    expect(attributes?.timestamp).toBeGreaterThan(1_700_000_000_000_000_000n)
    expect(attributes).toMatchObject({ md5OfBody: '', reRouted: false, expirationAt: 0n, delayedTo: 0n })
    expect(policy).toMatchObject({ maxReceiveCount: 1_024 })
    expect(got.response).toMatchObject({ isError: false, transactionComplete: false, requestTypeData: Type.GET })
  })

  it('waits its whole time for what is not there, and at least a second', async () => {
    const { queue, stream } = await queueOf(3)
    const began = performance.now()
    const got = await stream.get(queue, 10, { waitTimeout: 200 })
    expect(performance.now() - began).toBeGreaterThan(950)
    expect(got.bodies).toEqual(range(3))
  })

  it('takes one at a time from a stream: what stands behind a Get that waits is not answered', async () => {
    const { queue, stream } = await queueOf(0)
    const get = stream.tell({ requestTypeData: Type.GET, channel: queue, maxItems: 1, waitTimeout: 1_500 })
    const behind = stream.tell({ requestTypeData: Type.ACTIVE_OFFSETS, refTransactionId: 'none' })
    await stream.answerTo(behind)
    expect(stream.heard.all.map(({ refRequestId }) => refRequestId)).toEqual([get, behind])
  })

  it('answers errors in the answer', async () => {
    const { stream } = await queueOf(0)
    const said = async (request: object) =>
      (await stream.ask({ requestTypeData: Type.GET, maxItems: 1, ...request })).error
    expect(await said({ clientId: '', channel: 'x' })).toBe('Error 101: invalid clientID value, cannot be empty')
    expect(await said({ channel: 'a b' })).toMatch(/^Error 120: invalid queue name value/)
    expect(await said({ channel: 'a..b' })).toBe('Error 121: cannot subscribe to a queue')
  })
})

describe.concurrent('settling', () => {
  it('is silent, and what is settled does not come back when the stream goes', async () => {
    const { client: one, queue, stream } = await queueOf(10)
    const got = await stream.get(queue, 10)
    expect(await got.settle(Type.ACK_RANGE, { sequenceRange: [1n, 2n, 3n] })).toBe('')
    const offsets = { requestTypeData: Type.ACTIVE_OFFSETS, refTransactionId: got.response.transactionId }
    const active = await stream.ask(offsets)
    expect([...active.activeOffsets].sort((a, b) => Number(a - b))).toEqual(range(7, 4).map(BigInt))
    stream.call.cancel()
    const again = await new Downstream(one).get(queue, 7, { waitTimeout: 3_000 })
    expect(again.bodies).toEqual(range(7, 4))
    // Whoever disconnects is not counted.
    expect(again.counts).toEqual(Array(7).fill(1))
    expect(await again.ackAll()).toBe('')
  })

  it('puts what is nacked at the tail, with one more receipt', async () => {
    const { queue, stream } = await queueOf(4)
    const got = await stream.get(queue, 4)
    expect(await got.settle(Type.NACK_ALL)).toBe('')
    const again = await stream.get(queue, 4)
    expect([...again.bodies].sort()).toEqual(range(4))
    expect(again.seqs).toEqual([5n, 6n, 7n, 8n])
    expect(again.counts).toEqual([2, 2, 2, 2])
  })

  it('says what is wrong with a settlement', async () => {
    const { queue, stream } = await queueOf(3)
    const got = await stream.get(queue, 3)
    expect(await got.settle(Type.ACK_RANGE, { sequenceRange: [] })).toBe('cannot ack empty list of of offsets')
    // Those before the wrong one are settled.
    expect(await got.settle(Type.ACK_RANGE, { sequenceRange: [1n, 99n] })).toBe('invalid ack sequence id 99')
    expect(await got.settle(Type.REQUEUE_ALL)).toBe('cannot requeue messages with empty channel destination ')
    expect(await got.settle(Type.REQUEUE_RANGE, { sequenceRange: [2n], reQueueChannel: 'a b' })).toMatch(
      /^re-queue message with seq 2 failed, Error 120: /,
    )
    expect(await got.settle(Type.TRANSACTION_STATUS)).toBe('request unknown')
    expect(await got.ackAll()).toBe('')
    expect(await got.ackAll()).toBe('cannot ack messages with closed response ')
    expect(await got.settle(Type.NACK_ALL)).toBe('cannot nack messages with closed response ')
    expect(await got.settle(Type.REQUEUE_ALL, { reQueueChannel: 'other' })).toBe(
      'cannot ack messages with closed response ',
    )
    const lost = await stream.ask({ requestTypeData: Type.ACK_ALL, refTransactionId: 'elsewhere' })
    expect(lost.error).toBe('transaction is completed or transaction id not found')
    const closed = { requestTypeData: Type.ACTIVE_OFFSETS, refTransactionId: got.response.transactionId }
    expect((await stream.ask(closed)).error).toBe('cannot get active offsets with closed response ')
  })

  it('sends on as a new message, and does not say where it came from', async () => {
    const { queue, stream } = await queueOf(2)
    const other = fresh('other')
    await (await stream.get(queue, 2)).settle(Type.REQUEUE_ALL, { reQueueChannel: other })
    const got = await stream.get(other, 2)
    expect(got.counts).toEqual([1, 1])
    expect(got.response.messages.map(({ channel }) => channel)).toEqual([other, other])
    expect(got.response.messages[0]?.attributes).toMatchObject({ reRouted: false, reRoutedFromQueue: '' })
  })

  it('moves a message at the nack that is too much, to the queue that its sender named', async () => {
    const { client: one, queue, stream } = await queueOf(0)
    const dead = fresh('dead')
    const policy = { expirationSeconds: 0, delaySeconds: 0, maxReceiveCount: 2, maxReceiveQueue: dead }
    await new Upstream(one).send([queueMessage({ channel: queue, body: body('x'), policy })])
    for (const count of [1, 2]) {
      const got = await stream.get(queue, 1)
      expect(got.counts).toEqual([count])
      await got.settle(Type.NACK_ALL)
    }
    const got = await stream.get(dead, 1)
    expect(got.counts).toEqual([1])
    expect(got.response.messages[0]?.attributes).toMatchObject({ reRouted: true, reRoutedFromQueue: queue })
    expect((await stream.get(queue, 1)).bodies).toEqual([])
  })
})

describe.concurrent('a transaction that stays open', () => {
  it('swallows later messages until it is closed, when it was answered with less than it asked for (C4)', async () => {
    const { client: one, queue, stream } = await queueOf(3)
    const open = await stream.get(queue, 10)
    expect(open.bodies).toEqual(range(3))
    await new Upstream(one).send(range(10, 4).map((text) => ({ channel: queue, body: body(text) })))
    const other = new Downstream(one)
    const theirs = await other.get(queue, 10)
    expect(theirs.bodies).toHaveLength(3)
    await theirs.ackAll()
    await open.settle(Type.CLOSE_BY_CLIENT)
    expect((await other.get(queue, 10, { waitTimeout: 2_000 })).bodies).toHaveLength(10)
  })

  it('swallows also when it was answered early and with nothing, for all that it took had expired (C4, 5.1)', async () => {
    const { client: one, queue, stream } = await queueOf(0)
    const policy = { expirationSeconds: 1, delaySeconds: 0, maxReceiveCount: 0, maxReceiveQueue: '' }
    const up = new Upstream(one)
    const sent = await up.send(numbered(queue, 3).map((message) => ({ ...message, policy })))
    const expiry = Number((sent.results[0]?.expirationAt ?? 0n) / 1_000_000n)
    await new Promise((resolve) => setTimeout(resolve, expiry - Date.now() + 50))
    const empty = await stream.get(queue, 3, { waitTimeout: 5_000 })
    expect(empty.bodies).toEqual([])
    expect(empty.response.isError).toBe(false)
    await up.send(numbered(queue, 5))
    const other = new Downstream(one)
    const theirs = await other.get(queue, 5)
    expect(theirs.bodies).toHaveLength(2)
    await theirs.ackAll()
    expect(await empty.settle(Type.CLOSE_BY_CLIENT)).toBe('')
    expect((await other.get(queue, 3, { waitTimeout: 2_000 })).bodies).toHaveLength(3)
  })

  it('is given what another one was sent in vain, if nobody asks soon, and keeps it as long as it is open (C19)', {
    timeout: START_MS,
  }, async (test) => {
    onlyOwn(test)
    await using peer = await ownPeer({ hides: 1 })
    const one = await client(peer.endpoint)
    const [queue, stream] = ['queue', new Downstream(one)]
    await new Upstream(one).send(numbered(queue, 10))
    const slow = await stream.get(queue, 1)
    const settled = await stream.get(queue, 4)
    await settled.ackAll()
    await elapse(LATE_MS)
    const others = await new Downstream(one).get(queue, 5)
    expect(others.bodies.length).toBeLessThan(5)
    await others.ackAll()
    await slow.ackAll()
    const hidden = await stream.get(queue, 5 - others.bodies.length)
    expect([...others.bodies, ...hidden.bodies].map(Number).sort((a, b) => a - b)).toEqual([6, 7, 8, 9, 10])
  })

  it('goes on taking after its client has gone, to the end of its wait (5.1)', async () => {
    const { client: one, queue, stream } = await queueOf(0)
    stream.tell({ requestTypeData: Type.GET, channel: queue, maxItems: 10, waitTimeout: 3_000 })
    const info = async () =>
      await new Promise<bigint>((resolve) => {
        one.queuesInfo({ requestId: '', queueName: queue }, (_, { info: all }) => resolve(all?.waiting ?? -1n))
      })
    const up = new Upstream(one)
    await up.send(numbered(queue, 1))
    stream.call.cancel()
    expect(await info()).toBe(1n)
    const other = new Downstream(one)
    expect((await other.get(queue, 1)).bodies).toEqual([])
    expect((await other.get(queue, 1, { waitTimeout: 5_000 })).bodies).toEqual(['1'])
  })

  it('is lost with AutoAck, when its client has gone before it was answered (5.1)', async () => {
    const { client: one, queue, stream } = await queueOf(0)
    stream.tell({ requestTypeData: Type.GET, channel: queue, maxItems: 5, waitTimeout: 1_500, autoAck: true })
    const up = new Upstream(one)
    await up.send(numbered(queue, 2))
    stream.call.cancel()
    const other = new Downstream(one)
    expect((await other.get(queue, 2, { waitTimeout: 2_500 })).bodies).toEqual([])
    await up.send(numbered(queue, 1))
    expect((await other.get(queue, 1)).bodies).toEqual(['1'])
  })
})

describe.sequential('the clients that all streams share', () => {
  it('are held up, one in 200, by a single long poll of another queue (C15)', async () => {
    const { client: one, queue, stream } = await queueOf(0)
    const long = new Downstream(one)
    const waits = long.tell({ requestTypeData: Type.GET, channel: fresh('idle'), maxItems: 1, waitTimeout: 4_000 })
    await elapse(50)
    const up = new Upstream(one)
    await up.send(numbered(queue, 250))
    const began = performance.now()
    let slowest = 0
    for (let i = 0; i < 250; i++) {
      const from = performance.now()
      const got = await stream.get(queue, 1)
      stream.tell({ requestTypeData: Type.ACK_ALL, refTransactionId: got.response.transactionId })
      slowest = Math.max(slowest, performance.now() - from)
      // Where the poll is over before the turn comes round, there is nothing to be seen.
      if (long.heard.all.length > 0) break
    }
    await long.answerTo(waits)
    expect(slowest).toBeGreaterThan(Math.min(1_000, 3_500 - (performance.now() - began)))
  })
})
