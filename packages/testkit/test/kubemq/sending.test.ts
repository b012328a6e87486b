import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { elapse } from '../../src/conformance/wait.js'
import { type QueueMessage, type QueueMessagePolicy, QueueMessagesBatchRequest } from '../../src/kubemq/proto.js'
import { ask, client, fresh } from './peer.js'
import { body, Downstream, numbered, queueMessage, range, Upstream } from './streams.js'

const POLICY: QueueMessagePolicy = { expirationSeconds: 0, delaySeconds: 0, maxReceiveCount: 0, maxReceiveQueue: '' }

async function senders() {
  const one = await client()
  return { client: one, up: new Upstream(one), stream: new Downstream(one), queue: fresh('queue') }
}

describe.concurrent('upstream', () => {
  it('has one result a message, in their order, and each says what is wrong with it', async () => {
    const { up, queue } = await senders()
    const good = { channel: queue, body: body('x') }
    const response = await up.send([
      { ...good, messageId: 'mine' },
      { ...good, channel: 'a b' },
      { ...good, body: new Uint8Array(), tags: { only: 'tags' } },
      { ...good, policy: { ...POLICY, expirationSeconds: 43_201 } },
      { ...good, policy: { ...POLICY, maxReceiveCount: 1_025 } },
      { ...good, policy: { ...POLICY, delaySeconds: 43_201 } },
      { ...good, channel: 'a..b' },
      { ...good, clientId: '' },
    ])
    expect(response).toMatchObject({ isError: false, error: '' })
    expect(response.results.map(({ error }) => error.slice(0, 28))).toEqual([
      '',
      'Error 120: invalid queue nam',
      'Error 110: invalid message, ',
      'Error 133: invalid expiratio',
      'Error 134: invalid max recei',
      'Error 135: invalid delay sec',
      'stan: invalid publish reques',
      'Error 101: invalid clientID ',
    ])
    const [first, second] = response.results
    expect(first).toMatchObject({ messageId: 'mine', isError: false, expirationAt: 0n, delayedTo: 0n })
    expect(first?.sentAt).toBeGreaterThan(1_700_000_000_000_000_000n)
    expect(second).toMatchObject({ isError: true, sentAt: 0n })
  })

  it('refuses a request without messages', async () => {
    const { up } = await senders()
    expect(await up.send([])).toMatchObject({ isError: true, error: 'no messages to send', results: [] })
  })

  it('keeps the order within a request, and across those that were awaited', async () => {
    const { up, stream, queue } = await senders()
    for (let i = 0; i < 5; i++)
      await up.send(range(20, i * 20 + 1).map((text) => ({ channel: queue, body: body(text) })))
    expect((await stream.get(queue, 100)).bodies).toEqual(range(100))
  })

  it('wipes what the sender says of attributes', async () => {
    const { up, stream, queue } = await senders()
    const attributes = {
      ...{ timestamp: 1n, sequence: 9n, md5OfBody: 'x', receiveCount: 7, reRouted: true },
      ...{ reRoutedFromQueue: 'y', expirationAt: 1n, delayedTo: 1n },
    }
    await up.send([{ channel: queue, body: body('x'), attributes }])
    const got = await stream.get(queue, 1)
    expect(got.counts).toEqual([1])
    expect(got.seqs).toEqual([1n])
    expect(got.response.messages[0]?.attributes).toMatchObject({ reRouted: false, md5OfBody: '', expirationAt: 0n })
  })
})

describe.concurrent('unary sends', () => {
  it('answer as the stream does; an empty batch is an error without a code', async () => {
    const { client: one, queue } = await senders()
    const single = (message: Partial<QueueMessage>) => ask(one.sendQueueMessage.bind(one), queueMessage(message))
    expect(await single({ channel: queue, body: body('x'), messageId: 'm' })).toMatchObject({
      messageId: 'm',
      isError: false,
    })
    const wrong = await single({ channel: 'a*', body: body('x') })
    expect(wrong).toMatchObject({ isError: true, error: expect.stringMatching(/^Error 120/) })
    const batch = (messages: QueueMessage[]) =>
      ask(one.sendQueueMessagesBatch.bind(one), QueueMessagesBatchRequest.create({ batchId: 'b', messages }))
    expect(await batch([])).toMatchObject({ code: status.UNKNOWN, details: 'empty messages batch' })
    const mixed = await batch([queueMessage({ channel: queue, body: body('y') }), queueMessage({ channel: 'a b' })])
    // One item failed, and the batch says that none did.
    expect(mixed).toMatchObject({ batchId: 'b', haveErrors: false, results: [{ isError: false }, { isError: true }] })
  })
})

describe.concurrent('times', () => {
  it('a delay is kept, by up to half a second more, and is not to be seen any more', async () => {
    const { up, stream, queue } = await senders()
    const sent = await up.send([{ channel: queue, body: body('x'), policy: { ...POLICY, delaySeconds: 1 } }])
    const due = Number((sent.results[0]?.delayedTo ?? 0n) / 1_000_000n)
    const got = await stream.get(queue, 1, { waitTimeout: 5_000 })
    expect(Date.now()).toBeGreaterThanOrEqual(due)
    expect(got.bodies).toEqual(['x'])
    expect(got.response.messages[0]).toMatchObject({ policy: { delaySeconds: 0 }, attributes: { delayedTo: 0n } })
  })

  it('of two delayed messages with one id the first is lost, be it another queue’s', async () => {
    const { up, stream, queue } = await senders()
    const messageId = fresh('id')
    const delayed = { messageId, body: body('x'), policy: { ...POLICY, delaySeconds: 1 } }
    const other = fresh('other')
    await up.send([{ ...delayed, channel: queue }])
    await up.send([{ ...delayed, channel: other }])
    expect((await stream.get(other, 1, { waitTimeout: 4_000 })).bodies).toEqual(['x'])
    expect((await stream.get(queue, 1)).bodies).toEqual([])
  })

  it('an expiry runs from the sending, and what expires while it is held can be settled', async () => {
    const { up, stream, queue } = await senders()
    const policy = { ...POLICY, expirationSeconds: 3 }
    const sent = await up.send(numbered(queue, 2).map((message) => ({ ...message, policy })))
    const held = await stream.get(queue, 1)
    expect(held.bodies).toEqual(['1'])
    const expiry = Number((sent.results[1]?.expirationAt ?? 0n) / 1_000_000n)
    await elapse(expiry - Date.now() + 20)
    expect((await stream.get(queue, 1)).bodies).toEqual([])
    expect(await held.ackAll()).toBe('')
  })
})

describe.concurrent('the limit', () => {
  it('is of the whole request, and ends the call with the number of its bytes', async () => {
    const { client: one, queue } = await senders()
    const large = queueMessage({ channel: queue, body: new Uint8Array(104_857_600) })
    const answer = await ask(one.sendQueueMessage.bind(one), large)
    expect(answer).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/^grpc: received message larger than max \(1048576\d\d vs\. 104857600\)$/),
    })
  })
})
