import { type ServiceError, status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import {
  type kubemqClient,
  Request,
  RequestType,
  Response,
  type Subscribe,
  SubscribeType,
} from '../../src/kubemq/proto.js'
import { ask, client, fresh, settled } from './peer.js'
import { body, type Heard, respond, subscribe, textOf } from './streams.js'

function query(channel: string, more: Partial<Request> = {}): Request {
  const requestTypeData = RequestType.QUERY
  return Request.create({ clientId: 'asking', channel, body: body('?'), timeout: 2_000, requestTypeData, ...more })
}

async function responder(wanted: Partial<Subscribe>, one?: kubemqClient) {
  const own = one ?? (await client())
  const heard = respond(own, { subscribeTypeData: SubscribeType.QUERIES, ...wanted })
  await settled(own)
  const answer = async (more: Partial<Response> = {}, at = 0) => {
    const request = (await heard.have(at + 1))[at]
    if (request === undefined) throw new Error('it was there')
    const { requestId, replyChannel } = request
    const response = Response.create({ clientId: 'answering', requestId, replyChannel, executed: true, ...more })
    return { request, sent: await ask(own.sendResponse.bind(own), response) }
  }
  return { heard, answer }
}

function request(one: kubemqClient, asked: Request): Promise<Response | ServiceError> {
  return ask(one.sendRequest.bind(one), asked)
}

const TIMEOUT = { code: status.INTERNAL, details: 'Error 301: timeout for request message' }

describe('requests', () => {
  it('of a query are answered with all that the responder says', async () => {
    const one = await client()
    const channel = fresh('query')
    const { answer } = await responder({ channel })
    const asked = query(channel, { requestId: 'r1', metadata: 'm', tags: { a: 'b' }, span: body('s') })
    const reply = request(one, asked)
    const said = { body: body('!'), metadata: 'meta', tags: { c: 'd' }, timestamp: 7n, span: body('t') }
    const { request: got, sent } = await answer(said)
    expect(sent).toEqual({})
    expect(got).toEqual({ ...asked, replyChannel: expect.stringMatching(/./) })
    expect(await reply).toMatchObject({ requestId: 'r1', clientId: 'answering', executed: true, error: '', ...said })
    expect(await reply).toMatchObject({ replyChannel: '', cacheHit: false })
  })

  it('of a command bring back whether it was executed, the error and the tags', async () => {
    const one = await client()
    const channel = fresh('command')
    const { answer } = await responder({ channel, subscribeTypeData: SubscribeType.COMMANDS })
    const reply = request(one, query(channel, { requestTypeData: RequestType.COMMAND }))
    await answer({ body: body('!'), metadata: 'meta', tags: { c: 'd' }, executed: false, error: 'no' })
    expect(await reply).toMatchObject({ executed: false, error: 'no', tags: { c: 'd' }, metadata: '' })
    expect(await reply).toMatchObject({ body: expect.toSatisfy((bytes: Uint8Array) => bytes.length === 0) })
  })

  it('to nobody fail after the whole timeout', async () => {
    const one = await client()
    const began = performance.now()
    expect(await request(one, query(fresh('nobody'), { timeout: 300 }))).toMatchObject(TIMEOUT)
    expect(performance.now() - began).toBeGreaterThan(290)
  })

  it('are executed by every responder that has no group, and the first answer counts', async () => {
    const one = await client()
    const channel = fresh('query')
    const all = [await responder({ channel }), await responder({ channel })]
    const reply = request(one, query(channel))
    await all[0]?.answer({ body: body('first') })
    expect(textOf((await reply) as Response)).toBe('first')
    expect((await all[1]?.answer({ body: body('late') }))?.sent).toEqual({})
  })

  it('are shared by a group', async () => {
    const one = await client()
    const channel = fresh('query')
    const all = [await responder({ channel, group: 'g' }), await responder({ channel, group: 'g' })]
    const replies = Array.from({ length: 60 }, () => request(one, query(channel, { timeout: 500 })))
    await expect.poll(() => all.reduce((sum, { heard }) => sum + heard.all.length, 0), { timeout: 5_000 }).toBe(60)
    for (const { heard } of all) expect(heard.all.length).toBeGreaterThan(5)
    for (const reply of replies) expect(await reply).toMatchObject(TIMEOUT)
  })

  it('pass a wrong request id on, and take an answer to anybody', async () => {
    const one = await client()
    const channel = fresh('query')
    const { answer } = await responder({ channel })
    const reply = request(one, query(channel, { requestId: 'mine' }))
    await answer({ requestId: 'yours' })
    expect(await reply).toMatchObject({ requestId: 'yours' })
    const response = Response.create({ clientId: 'c', requestId: 'r', replyChannel: '_INBOX.nobody' })
    expect(await ask(one.sendResponse.bind(one), response)).toEqual({})
  })

  it('let anybody put an event into a channel by its reply channel', async () => {
    const one = await client()
    const channel = fresh('injected')
    const heard: Heard<{ readonly body: Uint8Array }> = subscribe(one, {
      subscribeTypeData: SubscribeType.EVENTS,
      channel,
    })
    await settled(one)
    const replyChannel = `_EVENTS_.${channel}`
    const response = Response.create({ clientId: 'c', requestId: 'r', replyChannel, body: body('x') })
    await ask(one.sendResponse.bind(one), response)
    expect((await heard.have(1)).map(textOf)).toEqual(['x'])
  })
})

describe('what is refused', () => {
  it.each([
    [{ clientId: '' }, 'Error 101: invalid clientID value, cannot be empty'],
    [{ channel: 'a.*' }, 'Error 107: invalid channel value, no wildcards are allowed'],
    [{ timeout: 0 }, 'Error 109: invalid set timeout value, cannot be 0 or negative'],
    [{ body: new Uint8Array() }, 'Error 115: invalid request, cannot be empty'],
    [{ cacheKey: 'k' }, 'Error 116: invalid cache ttl value, cannot be 0 or negative'],
    [{ requestTypeData: RequestType.UNKNOWN }, 'Error 206: invalid request type'],
  ])('asking %j', async (wrong, details) => {
    expect(await request(await client(), query('a', wrong))).toMatchObject({ code: status.INTERNAL, details })
  })

  it.each([
    [{ clientId: '' }, 'Error 101: invalid clientID value, cannot be empty'],
    [{ replyChannel: '' }, 'Error 102: invalid channel value, cannot be empty'],
    [{ requestId: '' }, 'Error 117: invalid request id, cannot be empty'],
  ])('answering %j', async (wrong, details) => {
    const one = await client()
    const response = Response.create({ clientId: 'c', requestId: 'r', replyChannel: 'x', ...wrong })
    expect(await ask(one.sendResponse.bind(one), response)).toMatchObject({ code: status.INTERNAL, details })
  })

  it.each([
    [{ clientId: '' }, 'Error 101: invalid clientID value, cannot be empty'],
    [{ channel: 'a b' }, 'Error 108: invalid channel value, no white spaces are allowed'],
    [{ subscribeTypeData: SubscribeType.EVENTS }, 'Error 207: invalid subscribe type'],
  ])('responding %j', async (wrong, details) => {
    const heard = respond(await client(), { subscribeTypeData: SubscribeType.QUERIES, channel: 'a', ...wrong })
    expect(await heard.failed()).toEqual({ code: status.INTERNAL, details })
  })
})
