import { describe, expect, it } from 'vitest'
import {
  AckAllQueueMessagesRequest,
  type AckAllQueueMessagesResponse,
  type QueuesInfoResponse,
  ReceiveQueueMessagesRequest,
  type ReceiveQueueMessagesResponse,
  StreamQueueMessagesRequest,
  StreamRequestType,
} from '../../src/kubemq/proto.js'
import { ask, client, fresh, settled } from './peer.js'
import { body, Downstream, Heard, numbered, textOf, Upstream } from './streams.js'

async function queueOf(count: number) {
  const one = await client()
  const queue = fresh('queue')
  if (count > 0) await new Upstream(one).send(numbered(queue, count))
  const base = { clientId: 'taker', channel: queue, waitTimeSeconds: 1 }
  return {
    client: one,
    queue,
    receive: async (max: number, more: Partial<ReceiveQueueMessagesRequest> = {}) => {
      const request = ReceiveQueueMessagesRequest.create({ ...base, maxNumberOfMessages: max, ...more })
      return (await ask(one.receiveQueueMessages.bind(one), request)) as ReceiveQueueMessagesResponse
    },
    ackAll: async (more: Partial<AckAllQueueMessagesRequest> = {}) => {
      const request = AckAllQueueMessagesRequest.create({ ...base, ...more })
      return (await ask(one.ackAllQueueMessages.bind(one), request)) as AckAllQueueMessagesResponse
    },
    info: async () => {
      const request = { requestId: 'r', queueName: queue }
      return ((await ask(one.queuesInfo.bind(one), request)) as QueuesInfoResponse).info?.queues[0]
    },
  }
}

describe.concurrent('receive', () => {
  it('settles as it reads', async () => {
    const { receive } = await queueOf(5)
    const got = await receive(3)
    expect(got).toMatchObject({ messagesReceived: 3, messagesExpired: 0, isError: false, isPeek: false })
    expect(got.messages.map(textOf)).toEqual(['1', '2', '3'])
    expect((await receive(2)).messages.map(textOf)).toEqual(['4', '5'])
    expect((await receive(1)).messages).toEqual([])
  })

  it('waits its whole time for what is not there', async () => {
    const { receive } = await queueOf(2)
    const began = performance.now()
    expect((await receive(3)).messages.map(textOf)).toEqual(['1', '2'])
    expect(performance.now() - began).toBeGreaterThan(950)
  })

  it.each([
    [
      { maxNumberOfMessages: 0 },
      'Error 122: max messages should be between 1 and max message setting in kubemq config  ',
    ],
    [
      { maxNumberOfMessages: 1_025 },
      'Error 122: max messages should be between 1 and max message setting in kubemq config  ',
    ],
    [{ waitTimeSeconds: 3_601 }, expect.stringMatching(/^Error 136: invalid wait timeout/)],
    [{ channel: 'a/b' }, 'Error 121: cannot subscribe to a queue'],
    [{ channel: 'a:b' }, 'Error 121: cannot subscribe to a queue'],
    [{ channel: 'a.' }, expect.stringMatching(/^Error 120/)],
    [{ clientId: '' }, expect.stringMatching(/^Error 101/)],
  ])('refuses %j in its answer', async (wrong, error) => {
    const { receive } = await queueOf(0)
    expect(await receive(1, wrong)).toMatchObject({ isError: true, error, messages: [] })
  })
})

describe.concurrent('peek', () => {
  it('shows without taking; what it showed is free when it ends', async () => {
    const { client: one, queue, receive } = await queueOf(5)
    const got = await receive(2, { isPeek: true })
    expect(got).toMatchObject({ isPeek: true, messagesReceived: 2 })
    expect(got.messages.map(textOf)).toEqual(['1', '2'])
    const all = await new Downstream(one).get(queue, 5, { waitTimeout: 3_000 })
    expect([...all.bodies].sort()).toEqual(['1', '2', '3', '4', '5'])
    expect(all.counts).toEqual([1, 1, 1, 1, 1])
  })

  it('for more than there is holds all of it for its whole wait', async () => {
    const { client: one, queue, receive } = await queueOf(3)
    const peek = receive(10, { isPeek: true, waitTimeSeconds: 2 })
    await settled(one)
    const stream = new Downstream(one)
    expect((await stream.get(queue, 1)).bodies).toEqual([])
    expect((await peek).messages).toHaveLength(3)
    expect((await stream.get(queue, 3, { waitTimeout: 3_000 })).bodies).toHaveLength(3)
  })
})

describe.concurrent('AckAll', () => {
  it('takes all that waits, and its whole wait', async () => {
    const { receive, ackAll } = await queueOf(50)
    const began = performance.now()
    expect(await ackAll()).toMatchObject({ affectedMessages: 50n, isError: false })
    expect(performance.now() - began).toBeGreaterThan(950)
    expect((await receive(1)).messages).toEqual([])
  })
})

describe.concurrent('QueuesInfo', () => {
  it('counts what was sent, and what waits with what is held; messages do not fall with acks', async () => {
    const { client: one, queue, info } = await queueOf(10)
    expect(await info()).toMatchObject({ name: queue, messages: 10n, sent: 10n, waiting: 10n, subscribers: 0n })
    const got = await new Downstream(one).get(queue, 4)
    expect(await info()).toMatchObject({ waiting: 10n, subscribers: 1n, firstSequence: 1n, lastSequence: 10n })
    expect(await got.ackAll()).toBe('')
    expect(await info()).toMatchObject({ messages: 10n, waiting: 6n, subscribers: 1n })
  })
})

describe.concurrent('the older stream', () => {
  const { RECEIVE_MESSAGE, ACK_MESSAGE, REJECT_MESSAGE, MODIFY_VISIBILITY } = StreamRequestType

  async function open(count: number) {
    const { client: one, queue, receive } = await queueOf(count)
    const stream = () => {
      const call = one.streamQueueMessage()
      const heard = new Heard(call)
      const tell = (streamRequestTypeData: StreamRequestType, more: Partial<StreamQueueMessagesRequest> = {}) =>
        call.write(
          StreamQueueMessagesRequest.create({
            ...{ requestId: 'r', clientId: 'taker', channel: queue, waitTimeSeconds: 1, visibilitySeconds: 1 },
            ...{ streamRequestTypeData, ...more },
          }),
        )
      return { call, heard, tell }
    }
    return { stream, receive }
  }

  it('gives one message, answers its ack, and ends well', async () => {
    const { stream, receive } = await open(2)
    const { heard, tell } = stream()
    tell(RECEIVE_MESSAGE)
    const [got] = await heard.have(1)
    expect(textOf(got?.message ?? { body: body('') })).toBe('1')
    tell(ACK_MESSAGE, { refSequence: 1n })
    await heard.ended()
    expect(heard.all[1]).toMatchObject({ streamRequestTypeData: ACK_MESSAGE, isError: false })
    expect((await receive(1)).messages.map(textOf)).toEqual(['2'])
  })

  it('says after its wait that there is none', async () => {
    const { stream } = await open(0)
    const { heard, tell } = stream()
    tell(RECEIVE_MESSAGE)
    await heard.ended()
    expect(heard.all[0]?.error).toBe('Error 138: no new message in queue, wait time expired')
  })

  it.each([
    [
      'is rejected',
      (tell: (type: StreamRequestType, more: object) => void) => tell(REJECT_MESSAGE, { refSequence: 1n }),
    ],
    ['is not settled in time', () => {}],
  ])('puts a copy at the tail that counts one more when a message %s', async (_, then) => {
    const { stream, receive } = await open(2)
    const { heard, tell } = stream()
    tell(RECEIVE_MESSAGE)
    await heard.have(1)
    then(tell)
    await heard.ended()
    const { messages } = await receive(2)
    expect(messages.map(textOf)).toEqual(['2', '1'])
    expect(messages[1]?.attributes).toMatchObject({ sequence: 3n, receiveCount: 2 })
  })

  it('says what is wrong', async () => {
    const { stream } = await open(1)
    const { heard, tell } = stream()
    tell(ACK_MESSAGE, { refSequence: 1n })
    tell(ACK_MESSAGE, { refSequence: 0n })
    tell(StreamRequestType.UNKNOWN)
    await heard.have(3)
    expect(heard.all.map(({ error }) => error)).toEqual([
      'Error 124: no active message to ack',
      'Error 125: ack sequence cannot be 0 or negative',
      'Error 132: invalid stream queue messages request type',
    ])
    tell(RECEIVE_MESSAGE)
    await heard.have(4)
    tell(MODIFY_VISIBILITY, { visibilitySeconds: 30 })
    tell(RECEIVE_MESSAGE)
    tell(ACK_MESSAGE, { refSequence: 7n })
    await heard.have(7)
    expect(heard.all.slice(4).map(({ error }) => error)).toEqual([
      '',
      'Error 128: subscription to queue is already active',
      'Error 125: ack sequence cannot be 0 or negative',
    ])
  })
})
