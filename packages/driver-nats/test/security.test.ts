import { createUser } from '@nats-io/nkeys'
import type { Credentials, Link, MessagingError } from '@spanwire/driver'
import { beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../driver/test/eventually.js'
import { durable, FLOW, PATIENCE_MS, patience, pull, refusal, send, textOf, told } from '../../driver/test/talk.js'
import { type Certificates, makeCertificates } from './rig/certificates.js'
import { type Dial, dial } from './rig/dial.js'
import { makeOperator } from './rig/operator.js'
import { server } from './rig/server.js'

const SETUP_MS = 120_000
let certificates: Certificates

beforeAll(async () => {
  certificates = await makeCertificates()
  return () => certificates.remove()
})

/** Stores a message and reads it: the link is good for all that we do. */
async function works(link: Link): Promise<void> {
  const channel = await link.open(durable('proof'), patience())
  const reception = await channel.receive({}, FLOW, patience())
  expect((await send(channel, 'kept')).map(told)).toEqual(['done'])
  expect((await pull(reception, 1)).map(textOf)).toEqual(['kept'])
}

/** Connecting so is refused; the sentence has none of the secrets. */
async function refused(endpoint: string, how: Dial): Promise<MessagingError> {
  const error = await refusal(dial(endpoint, how))
  expect(error.scope).toBe('link')
  for (const secret of secretsOf(how)) {
    expect(error.message).not.toContain(secret)
    expect(String(error.cause)).not.toContain(secret)
  }
  return error
}

function secretsOf({ as, tls }: Dial): string[] {
  return [...Object.entries(as ?? {}), ...Object.entries(tls ?? {})].flatMap(([name, value]) =>
    /password|token|seed|jwt|key/.test(name) && value !== '' ? [String(value)] : [],
  )
}

describe('credentials that a server asks for', () => {
  it(
    'a user with a password',
    async () => {
      const { endpoint } = await server('authorization { user: ann, password: "s3cret-word" }')
      await works(await dial(endpoint, { as: { by: 'password', user: 'ann', password: 's3cret-word' } }))
      const wrong: Credentials[] = [
        { by: 'password', user: 'ann', password: 'wr0ng-word' },
        { by: 'password', user: 'bob', password: 's3cret-word' },
        { by: 'token', token: 's3cret-word' },
        { by: 'none' },
      ]
      for (const as of wrong)
        expect(await refused(endpoint, { as })).toMatchObject({ code: 'unauthenticated', retryable: false })
    },
    SETUP_MS,
  )

  it('a token', async () => {
    const { endpoint } = await server('authorization { token: "t0ken-of-ours" }')
    await works(await dial(endpoint, { as: { by: 'token', token: 't0ken-of-ours' } }))
    expect((await refused(endpoint, { as: { by: 'token', token: 't0ken-of-theirs' } })).code).toBe('unauthenticated')
    expect((await refused(endpoint, { as: { by: 'none' } })).code).toBe('unauthenticated')
  })

  it('an nkey', async () => {
    const [ours, theirs] = [createUser(), createUser()]
    const { endpoint } = await server(`authorization { users: [{ nkey: ${ours.getPublicKey()} }] }`)
    const keyOf = (user: typeof ours): Credentials => ({
      by: 'key',
      jwt: '',
      seed: new TextDecoder().decode(user.getSeed()),
    })
    await works(await dial(endpoint, { as: keyOf(ours) }))
    expect((await refused(endpoint, { as: keyOf(theirs) })).code).toBe('unauthenticated')
  })

  it('a seed that is none is said to be that, and is not shown', async () => {
    const { endpoint } = await server(`authorization { users: [{ nkey: ${createUser().getPublicKey()} }] }`)
    const error = await refused(endpoint, { as: { by: 'key', jwt: '', seed: 'SUNOSEEDATALL' } })
    expect(error).toMatchObject({ code: 'unauthenticated', retryable: false })
  })

  it("a user's creds: JWT and seed", async () => {
    const operator = await makeOperator()
    const { endpoint } = await server(operator.config)
    await works(await dial(endpoint, { as: await operator.user() }))
    expect((await refused(endpoint, { as: await operator.stranger() })).code).toBe('unauthenticated')
    const [one, other] = [await operator.user(), await operator.user()]
    expect((await refused(endpoint, { as: { ...one, seed: other.seed } })).code).toBe('unauthenticated')
    const expired = await refused(endpoint, { as: await operator.user({ untilMs: Date.now() - 5_000 }) })
    expect(expired).toMatchObject({ code: 'unauthenticated', retryable: false })
    expect(expired.message).toMatch(/expired|refused/)
  })

  it('creds that expire end the link as unauthenticated, and new ones begin another', async () => {
    const operator = await makeOperator()
    const { endpoint } = await server(operator.config)
    const link = await dial(endpoint, { as: await operator.user({ untilMs: Date.now() + 2_500 }) })
    await works(link)
    const end = await link.ended
    expect(end).toMatchObject({ by: 'engine', error: { code: 'unauthenticated', scope: 'link' } })
    await works(await dial(endpoint, { as: await operator.user() }))
  })

  it('credentials that say when they expire announce it before they do', async () => {
    const operator = await makeOperator()
    const { endpoint } = await server(operator.config)
    const untilMs = Date.now() + 4_000
    const link = await dial(endpoint, { as: { ...(await operator.user({ untilMs })), expiresAtMs: untilMs } })
    const notice = await Promise.race([link.draining, link.ended.then(() => undefined)])
    expect(notice?.reason).toMatch(/expire/)
    await works(link)
  })

  it('credentials in the endpoint are refused: the driver would not use them', async () => {
    const { endpoint } = await server('authorization { user: ann, password: "s3cret-word" }')
    const error = await refused(`nats://ann:s3cret-word@${endpoint}`, { as: { by: 'none' } })
    expect(error.code).toBe('invalid')
    expect(error.message).not.toContain('s3cret-word')
  })
})

describe('TLS', () => {
  const elsewhere = { name: 'nats', dns: ['elsewhere.example'] }

  it('encrypts to an address and to a name, each checked as what it is', async () => {
    const both = await server(await certificates.serverBlock({ name: 'nats', dns: ['localhost'], ips: ['127.0.0.1'] }))
    const port = both.endpoint.split(':')[1]
    const tls = { ca: certificates.authority.cert }
    await works(await dial(both.endpoint, { tls }))
    await works(await dial(`localhost:${port}`, { tls }))
    await works(await dial(`tls://127.0.0.1:${port}`, { tls }))
  })

  it('a certificate for an address alone holds for the address', async () => {
    const { endpoint } = await server(await certificates.serverBlock({ name: 'nats', ips: ['127.0.0.1'] }))
    await works(await dial(endpoint, { tls: { ca: certificates.authority.cert } }))
  })

  it('a certificate for localhost alone does not hold for its address', async () => {
    const { endpoint } = await server(await certificates.serverBlock({ name: 'nats', dns: ['localhost'] }))
    const tls = { ca: certificates.authority.cert }
    const error = await refused(endpoint, { tls })
    expect(error).toMatchObject({ code: 'unavailable', retryable: false })
    expect(error.message).toMatch(/name/)
    await works(await dial(endpoint.replace('127.0.0.1', 'localhost'), { tls }))
    await works(await dial(endpoint, { tls: { ...tls, serverName: 'localhost' } }))
  })

  it('a wrong name is refused, and accepted when it is the name that was meant', async () => {
    const { endpoint } = await server(await certificates.serverBlock(elsewhere))
    const tls = { ca: certificates.authority.cert }
    expect((await refused(endpoint, { tls })).message).toMatch(/name/)
    await works(await dial(endpoint, { tls: { ...tls, serverName: 'elsewhere.example' } }))
  })

  it('an unknown authority, a server without TLS and TLS without being asked are told apart', async () => {
    const { endpoint } = await server(await certificates.serverBlock({ name: 'nats', ips: ['127.0.0.1'] }))
    const other = await makeCertificates()
    const unknown = await refused(endpoint, { tls: { ca: other.authority.cert } })
    await other.remove()
    expect(unknown).toMatchObject({ code: 'unavailable', retryable: false })
    expect(unknown.message).toMatch(/authority/)
    const unasked = await refused(endpoint, {})
    expect(unasked).toMatchObject({ code: 'unavailable', retryable: false })
    const plain = await server()
    const notThere = await refused(plain.endpoint, { tls: { ca: certificates.authority.cert } })
    expect(notThere).toMatchObject({ code: 'unavailable', retryable: false })
    expect(notThere.message).toMatch(/not speak TLS/)
  })

  it('garbage in place of a certificate is said to be that', async () => {
    const { endpoint } = await server(await certificates.serverBlock({ name: 'nats', ips: ['127.0.0.1'] }))
    const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
    for (const tls of [{ ca: 'no PEM at all' }, { ca: certificates.authority.cert, cert: 'x', key }])
      expect(await refused(endpoint, { tls })).toMatchObject({ code: 'unavailable', retryable: false })
  })

  it('the handshake may come before everything else', async () => {
    const block = await certificates.serverBlock({ name: 'nats', ips: ['127.0.0.1'] }, 'handshake_first: true')
    const { endpoint } = await server(block)
    const tls = { ca: certificates.authority.cert }
    await works(await dial(endpoint, { tls, driver: { tlsFirst: true } }))
    const plain = await refusal(dial(endpoint, { tls, signal: patience(1_000) }))
    expect(['timeout', 'unavailable']).toContain(plain.code)
  })
})

describe('mutual TLS', () => {
  it('a client certificate opens; none and a foreign one do not, and the sentence says which', async () => {
    const names = { name: 'nats', ips: ['127.0.0.1'] }
    const { endpoint } = await server(await certificates.serverBlock(names, 'verify: true'))
    const ca = certificates.authority.cert
    const ours = certificates.authority.issue({ name: 'ann' })
    await works(await dial(endpoint, { tls: { ca, ...ours } }))
    // The server closes behind its alert, and what we had written by then makes that a reset, which may overtake the alert.
    await eventually(
      'the alert is read',
      async () => {
        const none = await refused(endpoint, { tls: { ca } })
        expect(none.code).toBe('unavailable')
        return !none.retryable && none.message.includes('client certificate')
      },
      PATIENCE_MS,
    )
    const other = await makeCertificates()
    const foreign = await refused(endpoint, { tls: { ca, ...other.authority.issue({ name: 'eve' }) } })
    await other.remove()
    expect(foreign.code).toBe('unavailable')
  })

  it('a certificate that names its user is all that the server asks for', async () => {
    const block = await certificates.serverBlock({ name: 'nats', ips: ['127.0.0.1'] }, 'verify_and_map: true')
    const { endpoint } = await server(`${block}\nauthorization { users: [{ user: "ann@example.com" }] }`)
    const ca = certificates.authority.cert
    const ann = certificates.authority.issue({ name: 'ann', emails: ['ann@example.com'] })
    await works(await dial(endpoint, { tls: { ca, ...ann } }))
    const bob = certificates.authority.issue({ name: 'bob', emails: ['bob@example.com'] })
    expect((await refused(endpoint, { tls: { ca, ...bob } })).code).toBe('unauthenticated')
  })
})
