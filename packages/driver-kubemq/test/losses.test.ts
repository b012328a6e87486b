import { Relay } from '@spanwire/testkit/network'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../../driver/test/eventually.js'
import { durable, patience, queue, textOf } from '../../driver/test/talk.js'
import {
  double,
  faulty,
  fresh,
  limited,
  linkTo,
  numbered,
  ownServer,
  pull,
  sendAll,
  server,
  texts,
  WIDE,
} from './rig/link.js'
import { peer } from './rig/peer.js'

const ack = (one: { settle(how: 'ack'): Promise<void> }): Promise<void> => one.settle('ack')
const portOf = (endpoint: string): number => Number(endpoint.split(':')[1])

describe('what the server loses by itself is not lost', { timeout: 60_000 }, () => {
  it('stored events, when readers leave with more on the way to them', async () => {
    const name = fresh('ticks')
    const { endpoint } = await server()
    const link = await linkTo(endpoint)
    await sendAll(link, durable(name), numbered(2_000))
    const channel = await link.open(durable(name), patience())
    const came: string[] = []
    let position: string | undefined
    while (came.length < 2_000) {
      const start = position === undefined ? ({ at: 'beginning' } as const) : ({ at: 'position', position } as const)
      const reception = await channel.receive({ start }, WIDE, patience())
      const pulled = await pull(reception, Math.min(300, 2_000 - came.length), (one) => {
        position = one.position()
        return undefined
      })
      came.push(...pulled)
      await reception.stop(AbortSignal.abort())
    }
    expect(came).toEqual(texts(2_000))
  })

  it('stored events, of a reader that pauses for longer than the server waits for it', async () => {
    const name = fresh('ticks')
    const { endpoint } = await server()
    const link = await linkTo(endpoint)
    const channel = await link.open(durable(name), patience())
    const reception = await channel.receive({}, { messages: 20, bytes: 1 << 20 }, patience())
    await sendAll(link, durable(name), numbered(2_000))
    expect(await pull(reception, 2_000)).toEqual(texts(2_000))
  })

  it('messages of a queue that two workers of one link share', async () => {
    const name = fresh('jobs')
    // Two streams would lose every twentieth.
    const { endpoint } = await faulty({ lost: 0.05, doubled: 0.05 })
    const link = await linkTo(endpoint)
    const outcomes = await sendAll(link, queue(name), numbered(1_000))
    expect(outcomes.every(({ outcome }) => outcome === 'done')).toBe(true)
    const came: string[] = []
    for (const _ of [1, 2]) {
      const channel = await link.open(queue(name), patience())
      const reception = await channel.receive({}, { messages: 10, bytes: 1 << 20 }, patience())
      void pull(reception, 1_000, (one) => {
        came.push(textOf(one))
        return ack(one)
      }).catch(() => undefined)
    }
    await eventually('all have come', async () => new Set(came).size === 1_000, 12_000)
    expect(came).toHaveLength(1_000)
  })

  it('messages behind a transaction that an acknowledgement has not ended', async () => {
    const name = fresh('jobs')
    const { endpoint } = await faulty({ lingering: 1, unanswered: 0 })
    const link = await linkTo(endpoint)
    const channel = await link.open(queue(name), patience())
    await sendAll(link, queue(name), numbered(20))
    const first = await channel.receive({}, WIDE, patience())
    await pull(first, 20, ack)
    await sendAll(link, queue(name), numbered(20, 20))
    expect((await pull(first, 20, ack)).sort()).toEqual(texts(40).slice(20).sort())
  })

  it('more than one message, when the server stops under a worker that waits', async (test) => {
    const name = fresh('jobs')
    const node = await ownServer(test)
    const link = await linkTo(node.endpoint)
    const idle = await (await link.open(queue(name), patience())).receive({}, WIDE, patience())
    await sendAll(link, queue(name), numbered(1))
    // It has been served, and asks for the next.
    await pull(idle, 1, ack)
    await node.terminate()
    await link.ended
    await node.restart()
    const again = await linkTo(node.endpoint)
    await sendAll(again, queue(name), numbered(50))
    const reception = await (await again.open(queue(name), patience())).receive({}, WIDE, patience())
    // One may be the server's loss: it goes to the worker that is no more.
    expect(new Set(await pull(reception, 49, ack)).size).toBeGreaterThanOrEqual(49)
  })
})

describe('what ends the server is not sent', { timeout: 60_000 }, () => {
  it('on its upstream: a message above the limit of it, which is refused', async (test) => {
    const name = fresh('jobs')
    const { endpoint } =
      peer === 'double' ? await faulty({ crashes: 1, maxBytes: 1 << 20 }) : await limited(1 << 20, test)
    const link = await linkTo(endpoint)
    for (let round = 0; round < 50; round++) {
      const [outcome] = await sendAll(link, queue(name), [{ path: 'a', body: new Uint8Array(2 << 20) }])
      expect(outcome).toMatchObject({ outcome: 'refused', error: { code: 'too-large' } })
    }
    expect(await sendAll(link, queue(name), numbered(1))).toMatchObject([{ outcome: 'done' }])
  })
})

describe('what the server never says is not waited for', { timeout: 60_000 }, () => {
  it('the answer to a request that it stored', async (test) => {
    const name = fresh('jobs')
    const { endpoint } = await double({ unanswered: 1 }, test)
    const link = await linkTo(endpoint)
    const outcomes = await sendAll(link, queue(name), numbered(3))
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['unknown', 'unknown', 'unknown'])
    const reception = await (await link.open(queue(name), patience())).receive({}, WIDE, patience())
    expect(await pull(reception, 3, ack)).toEqual(texts(3))
  })

  it('that the client of before is gone, whose connection is half open', async () => {
    const name = fresh('ticks')
    const { endpoint } = await server()
    const relay = await Relay.listen({ target: portOf(endpoint) })
    onTestFinished(() => relay.close())
    const lost = await linkTo(`127.0.0.1:${relay.port}`, { client: 'the-same' })
    await (await lost.open(durable(name), patience())).receive({}, WIDE, patience())
    relay.strand('client')
    await lost.ended
    const link = await linkTo(endpoint, { client: 'the-same' })
    const reception = await (await link.open(durable(name), patience())).receive({}, WIDE, patience())
    await sendAll(link, durable(name), numbered(10))
    expect(await pull(reception, 10)).toEqual(texts(10))
  })
})
