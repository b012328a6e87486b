import { status } from '@grpc/grpc-js'
import { beforeEach, describe, expect, it } from 'vitest'
import { Event, type kubemqClient, type PingResult, Request, Response, type Result } from '../../src/kubemq/proto.js'
import { ask, client, fresh, onlyOwn, ownPeer, START_MS, settled } from './peer.js'
import { body, Downstream, Heard, respond, subscribe, Upstream } from './streams.js'

function event(channel: string, store: boolean): Event {
  return Event.create({ eventId: 'x', clientId: 'publisher', channel, body: body('x'), store })
}

function publish(one: kubemqClient, sent: Event): Promise<Result | Error> {
  return ask<Event, Result>(one.sendEvent.bind(one), sent)
}

const SENT = { eventId: 'x', sent: true, error: '' }
const CLOSED = { eventId: 'x', sent: false, error: 'nats: connection closed' }

/** What another client finds of a server after somebody published once into a channel. */
async function harmedBy(poison: Event | Request) {
  const peer = await ownPeer()
  const [guilty, other] = [await client(peer.endpoint), await client(peer.endpoint)]
  const channel = fresh('good')
  const plain = subscribe(other, { subscribeTypeData: 1, channel })
  const stored = subscribe(other, { subscribeTypeData: 2, eventsStoreTypeData: 2, channel })
  const responder = respond(other, { subscribeTypeData: 4, channel })
  await settled(other)
  // Then a queue send hangs now and then, for two minutes.
  const isReturn = poison.channel === 'a\rb'
  const answer = await ('store' in poison ? publish(guilty, poison) : ask(guilty.sendRequest.bind(guilty), poison))
  const found = {
    answer,
    plain: await publish(other, event(channel, false)),
    stored: await publish(other, event(channel, true)),
    ping: (await ask<object, PingResult>(other.ping.bind(other), {})) as PingResult,
    queue: isReturn ? false : (await new Upstream(other).send([{ channel, body: body('x') }])).results[0]?.isError,
  }
  await settled(other)
  const heard = { plain: plain.all.length, stored: stored.all.length }
  expect([plain.error, stored.error, responder.error]).toEqual([undefined, undefined, undefined])
  return { peer, other, channel, found, heard, responder }
}

describe('a control character in a channel (C7)', () => {
  beforeEach(onlyOwn)

  const timeout = START_MS

  it.each(['a\tb', 'a\nb', 'a\r\nb'])(
    'of a stored event, %j, ends storing for everybody',
    { timeout },
    async (channel) => {
      const { peer, found, heard } = await harmedBy(event(channel, true))
      await using _ = peer
      expect(found).toMatchObject({ answer: SENT, plain: SENT, stored: CLOSED, queue: false })
      expect(heard).toEqual({ plain: 1, stored: 0 })
    },
  )

  it('of a stored event, CR, loses what is stored later, and says that it was sent', { timeout }, async () => {
    const { peer, found, heard } = await harmedBy(event('a\rb', true))
    await using _ = peer
    expect(found).toMatchObject({ answer: SENT, plain: SENT, stored: SENT, queue: false })
    expect(heard).toEqual({ plain: 1, stored: 0 })
  })

  it('of a plain event, LF, ends events, requests and answers until a restart; a Ping is answered', {
    timeout,
  }, async () => {
    const { peer, other, channel, found, heard, responder } = await harmedBy(event('a\nb', false))
    await using _ = peer
    expect(found).toMatchObject({ answer: SENT, plain: CLOSED, stored: SENT, queue: false })
    expect(heard).toEqual({ plain: 0, stored: 1 })
    const asked = Request.create({ clientId: 'c', channel, body: body('?'), timeout: 5_000, requestTypeData: 2 })
    const began = performance.now()
    const failed = { code: status.INTERNAL, details: 'Error 301: timeout for request message' }
    expect(await ask(other.sendRequest.bind(other), asked)).toMatchObject(failed)
    // Not after its timeout: that is how a poisoned server is told from one where nobody answers.
    expect(performance.now() - began).toBeLessThan(2_500)
    expect(responder.all).toEqual([])
    const response = Response.create({ clientId: 'c', requestId: 'r', replyChannel: 'x' })
    const closed = { code: status.INTERNAL, details: 'nats: connection closed' }
    expect(await ask(other.sendResponse.bind(other), response)).toMatchObject(closed)
    const call = other.sendEventsStream()
    const results = new Heard(call)
    call.write(event(channel, false))
    call.end()
    await results.ended()
    expect(results.all).toEqual([])
    await peer.restart()
    expect(await publish(await client(peer.endpoint), event(channel, false))).toEqual(SENT)
  })

  it.each(['a\tb', 'a\nb'])('of a request, %j, does the same', { timeout }, async (channel) => {
    const asked = Request.create({ clientId: 'c', channel, body: body('?'), timeout: 1_000, requestTypeData: 2 })
    const { peer, found } = await harmedBy(asked)
    await using _ = peer
    expect(found).toMatchObject({ plain: CLOSED, stored: SENT, queue: false })
    expect(found.answer).toMatchObject({ details: 'Error 301: timeout for request message' })
  })

  it.each(['a\tb', 'a\rb', 'a\0b', 'a/b', 'a\\b', 'ü'])(
    'of a plain event, %j, harms nobody',
    { timeout },
    async (channel) => {
      const { peer, found, heard } = await harmedBy(event(channel, false))
      await using _ = peer
      expect(found).toMatchObject({ answer: SENT, plain: SENT, stored: SENT, queue: false })
      expect(heard).toEqual({ plain: 1, stored: 1 })
    },
  )
})

describe('a queue', () => {
  it.each([
    ['a\0b', /^mkdir .*: invalid argument$/, 'Error 121: cannot subscribe to a queue'],
    ['a/b', /^stan: invalid publish request$/, 'Error 121: cannot subscribe to a queue'],
    ['.a', /^stan: invalid publish request$/, 'Error 121: cannot subscribe to a queue'],
    ['x'.repeat(247), /^mkdir .*: file name too long$/, 'Error 121: cannot subscribe to a queue'],
    // Can be written, and not be read.
    ['a:b', /^$/, 'Error 121: cannot subscribe to a queue'],
    ['a\\b', /^$/, ''],
    ['$a', /^$/, ''],
    ['ü', /^$/, ''],
    ['x'.repeat(246), /^$/, ''],
  ])('%j', async (name, sent, received) => {
    const one = await client()
    const [result] = (await new Upstream(one).send([{ channel: name, body: body('x') }])).results
    expect(result?.error).toMatch(sent)
    expect((await new Downstream(one).get(name, 1)).response.error).toBe(received)
  })
})
