import type { Delivery } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import {
  ABORTED,
  attach,
  bodies,
  codeOf,
  codes,
  FLOW,
  NEVER,
  numbers,
  PRICE,
  pull,
  rig,
  send,
  sendOpen,
} from './rig.js'
import { settled } from './virtual-clock.js'

describe('rpc', () => {
  it('brings each of a hundred requests its own reply, headers and error text', async () => {
    const { open } = rig()
    const reception = await attach(await open(PRICE))
    const sending = send(await open(PRICE), ...numbers(100))
    for (const request of (await pull(reception, 100)).reverse()) {
      await request.settle({ body: `re ${request.body}`, headers: ['n', String(request.body)], error: 'half true' })
    }
    const replies = (await sending).map((outcome) => (outcome.outcome === 'done' ? outcome.reply : undefined))
    expect(replies.map((reply) => reply?.body)).toEqual(numbers(100).map((body) => `re ${body}`))
    expect(replies[7]?.headers()).toEqual(['n', '7'])
    expect(replies[7]?.error).toBe('half true')
  })

  it('refuses at once when nobody responds', async () => {
    const { open } = rig()
    const channel = await open(PRICE)
    expect(codes(await send(channel, 'a', 'b'))).toEqual(['refused not-found', 'refused not-found'])
    const responder = await attach(channel)
    const sending = send(channel, 'c')
    await settled()
    await responder.stop(NEVER)
    expect(codes(await sending)).toEqual(['refused not-found'])
  })

  it('shares among responders; a stopping one answers what it took', async () => {
    const { open } = rig()
    const a = await attach(await open(PRICE), {}, { messages: 5, bytes: 1e6 })
    const b = await attach(await open(PRICE))
    const sending = sendOpen(await open(PRICE), ...numbers(10))
    const taken = await pull(a, 5)
    let stopped = false
    const stopping = a.stop(NEVER).then(() => {
      stopped = true
    })
    const others = await pull(b, 5)
    for (const request of others) await request.settle({ body: 'b' })
    expect(stopped).toBe(false)
    for (const request of taken) await request.settle({ body: 'a' })
    await stopping
    expect(codes(sending.outcomes)).toEqual(Array(10).fill('done'))
  })

  it('is unknown when canceled or when its responder goes away, and a late reply is dropped', async () => {
    const { open } = rig()
    const responder = await open(PRICE)
    const reception = await attach(responder)
    const sending = sendOpen(await open(PRICE), ...numbers(4))
    const requests = await pull(reception, 4)
    sending.cancel(1)
    expect(codes(sending.outcomes)).toEqual(['open', 'unknown outcome-unknown', 'open', 'open'])
    await requests[1]?.settle({ body: 'late' })
    await requests[0]?.settle({ body: 'in time' })
    await responder.link.close(ABORTED)
    sending.cancel()
    expect(codes(sending.outcomes)).toEqual(['done', ...Array(3).fill('unknown outcome-unknown')])
    expect(sending.counts).toEqual([1, 1, 1, 1])
  })

  it('forgets a request that was canceled before anybody took it', async () => {
    const { open, engine } = rig()
    const reception = await attach(await open(PRICE), {}, { messages: 1, bytes: 1e6 })
    const sending = sendOpen(await open(PRICE), ...numbers(3))
    const [first] = await pull(reception, 1)
    sending.cancel(1)
    await first?.settle({ body: '' })
    expect(bodies(await pull(reception, 1))).toEqual(['2'])
    expect(engine.depths()[0]).toMatchObject({ messages: 1 })
  })

  it('ends at its deadline: refused if nobody took it, else unknown', async () => {
    const { open, clock, engine } = rig()
    const reception = await attach(await open(PRICE), {}, { messages: 1, bytes: 1e6 })
    const sending = sendOpen(await open(PRICE), { ttlMs: 100 }, { ttlMs: 100 })
    const [first] = await pull(reception, 1)
    await clock.advance(100)
    expect(codes(sending.outcomes)).toEqual(['unknown outcome-unknown', 'refused timeout'])
    await first?.settle({ body: 'late' })
    expect(sending.counts).toEqual([1, 1])
    expect(engine.counts().due).toBe(0)
  })

  it('copies bytes, so that both sides may use theirs again', async () => {
    const { open } = rig()
    const reception = await attach(await open(PRICE))
    const sending = send(await open(PRICE), 'x')
    const [request] = await pull(reception, 1)
    const body = new Uint8Array([1, 2, 3])
    await request?.settle({ body })
    body.fill(0)
    expect(await sending).toMatchObject([{ reply: { body: new Uint8Array([1, 2, 3]) } }])
  })

  it('is settled with an answer, and cannot be sent back or extended', async () => {
    const { open } = rig()
    const reception = await attach(await open(PRICE), {}, FLOW)
    void send(await open(PRICE), 'x')
    const [request] = (await pull(reception, 1)) as [Delivery]
    expect(await codeOf(request.settle('ack'))).toBe('invalid')
    expect(await codeOf(request.settle({ retryMs: 0 }))).toBe('invalid')
    expect(await codeOf(request.extend())).toBe('capability')
    await request.settle({ body: '' })
    expect(await codeOf(request.settle({ body: '' }))).toBe('conflict')
  })
})
