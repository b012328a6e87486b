import { MessagingError } from '@spanwire/driver'
import { createAuthority } from '@spanwire/testkit/network'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { durable, live, patience, queue, rpc } from '../../driver/test/talk.js'
import { faulty, linkTo, numbered, pull, sendAll, WIDE } from './rig/link.js'
import { isOurs, NOT_OURS, peer } from './rig/peer.js'
import { secureServer } from './rig/secure.js'

const authority = createAuthority('kubemq tests')

async function secure(): Promise<string> {
  const server = await secureServer(authority.issue({ name: 'kubemq', ips: ['127.0.0.1'] }), authority.cert)
  onTestFinished(() => server.dispose())
  return server.endpoint
}

async function failureOf(connecting: Promise<unknown>): Promise<MessagingError> {
  const error: unknown = await connecting.catch((reason: unknown) => reason)
  if (!MessagingError.is(error)) throw new Error(`no refusal: ${String(error)}`)
  return error
}

describe('a server with TLS', { timeout: 60_000 }, () => {
  beforeEach((test) => test.skip(!isOurs, NOT_OURS))

  it('is reached with its authority, and with a certificate of ours that it does not ask for', async () => {
    const endpoint = await secure()
    const ours = authority.issue({ name: 'client' })
    for (const tls of [{ ca: authority.cert }, { ca: authority.cert, ...ours }]) {
      const link = await linkTo(endpoint, { tls })
      const reception = await (await link.open(durable('ticks'), patience())).receive({}, WIDE, patience())
      expect(await sendAll(link, durable('ticks'), numbered(3))).toMatchObject(Array(3).fill({ outcome: 'done' }))
      expect(await pull(reception, 3)).toEqual(['0', '1', '2'])
    }
  })

  it('is not reached without TLS: the sentence says what to check', async () => {
    const error = await failureOf(linkTo(await secure()))
    expect(error).toMatchObject({ code: 'unavailable', scope: 'link' })
    expect(error.message).toContain('TLS')
  })
})

describe('a server without TLS', () => {
  it('is not reached with it: the sentence says so', async () => {
    const { endpoint } = await faulty({})
    const error = await failureOf(linkTo(endpoint, { tls: { ca: authority.cert } }))
    expect(error).toMatchObject({ code: 'unavailable', retryable: false })
    expect(error.message).toContain('TLS')
  })
})

describe('credentials', () => {
  it.each([
    ['a line feed', 'secret\nof ours'],
    ['a letter that no header has', 'secret ü'],
  ])('with %s in the token are refused, and the token is not told', async (_, token) => {
    const { endpoint } = await faulty({})
    const error = await failureOf(linkTo(endpoint, { credentials: async () => ({ by: 'token', token }) }))
    expect(error).toMatchObject({ code: 'unauthenticated', scope: 'link', retryable: false })
    expect(`${error.message} ${String(error.cause)}`).not.toContain('secret')
  })

  it('of another kind than a token are refused', async () => {
    const { endpoint } = await faulty({})
    const credentials = async () => ({ by: 'password', user: 'ada', password: 'secret' }) as const
    const error = await failureOf(linkTo(endpoint, { credentials }))
    expect(error).toMatchObject({ code: 'unauthenticated', scope: 'link' })
    expect(error.message).not.toContain('secret')
  })

  it('that a server refuses are an error of each call that says so', async (test) => {
    test.skip(peer !== 'double', 'the community server takes any token')
    const { endpoint } = await faulty({ token: 'the right one' })
    const how = async (token: string) => linkTo(endpoint, { credentials: async () => ({ by: 'token', token }) })
    expect(await failureOf(how('a wrong one'))).toMatchObject({ code: 'unauthenticated', retryable: false })
    const link = await how('the right one')
    for (const spec of [live('a'), durable('b'), queue('c')]) {
      const reception = await (await link.open(spec, patience())).receive({}, WIDE, patience())
      expect(await sendAll(link, spec, numbered(1))).toMatchObject([{ outcome: 'done' }])
      expect(await pull(reception, 1, (one) => (spec.kind === 'queue' ? one.settle('ack') : undefined))).toEqual(['0'])
    }
    const responder = await (await link.open(rpc('d'), patience())).receive({}, WIDE, patience())
    const asked = sendAll(link, rpc('d'), numbered(1))
    await pull(responder, 1, (one) => one.settle({ body: 'yes' }))
    expect(await asked).toMatchObject([{ outcome: 'done' }])
  })
})
