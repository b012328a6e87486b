import { type Engines, installEngine, startEngines } from '@spanwire/testkit/engines'
import { createAuthority } from '@spanwire/testkit/network'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultTimes, type KafkaConnect, kafkajs, platformatic } from '../src/index.js'
import { noKafka } from './rig/java.js'
import { aTopic, from, makeTopic, record, soon, write } from './rig/port.js'

const PORTS = [
  ['kafkajs', kafkajs()],
  ['platformatic', platformatic()],
] as const

const authority = createAuthority('kafka')
const ofServer = authority.issue({ name: 'broker', dns: ['localhost'], ips: ['127.0.0.1'] })
const ofClient = authority.issue({ name: 'client', dns: [], ips: [] })
const security = {
  users: { alice: 'alice-secret', admin: 'admin-secret' },
  certificate: `${ofServer.key}\n${ofServer.cert}`,
  clientCa: authority.cert,
  acls: true,
}
const tls = { ca: authority.cert, cert: ofClient.cert, key: ofClient.key }
const admin = { mechanism: 'plain', user: 'admin', password: 'admin-secret' } as const
const alice = { mechanism: 'plain', user: 'alice', password: 'alice-secret' } as const

/** A token that nobody has signed, as the broker of tests takes it. */
function tokenOf(subject: string, seconds = 600): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now - 3_600, exp: now + seconds })}.`
}

let engines: Engines | undefined
let options: KafkaConnect = { brokers: [], clientId: 'security', times: { ...defaultTimes, connectMs: 5_000 } }

beforeAll(async () => {
  await installEngine('kafka')
  engines = await startEngines({ engine: 'kafka', security })
  options = { ...options, brokers: engines.sites[0]?.endpoints ?? [] }
}, 600_000)

afterAll(async () => {
  await engines?.stop()
})

describe.skipIf(noKafka).each(PORTS)(`the port on %s with TLS and SASL${noKafka ?? ''}`, (_, port) => {
  it.each([
    ['PLAIN', admin],
    ['SCRAM-SHA-256', { ...admin, mechanism: 'scram-sha-256' } as const],
    ['SCRAM-SHA-512', { ...admin, mechanism: 'scram-sha-512' } as const],
    ['OAUTHBEARER', { mechanism: 'oauthbearer', token: async () => tokenOf('admin') } as const],
  ])('is let in by %s, and writes', async (__, sasl) => {
    const client = await port.connect({ ...options, tls, sasl }, soon())
    const topic = await makeTopic(client)
    expect(await write(client, { topic }, [record('x')])).toMatchObject({ at: 'stored' })
    await client.close(soon())
  })

  it.each([
    ['a wrong password', { ...alice, password: 'guess' }, 'SASL_AUTHENTICATION_FAILED'],
    ['nobody', { ...alice, user: 'mallory' }, 'SASL_AUTHENTICATION_FAILED'],
    [
      'a wrong password by SCRAM',
      { ...alice, mechanism: 'scram-sha-256', password: 'guess' } as const,
      'SASL_AUTHENTICATION_FAILED',
    ],
    [
      'a token that is over',
      { mechanism: 'oauthbearer', token: async () => tokenOf('admin', -600) } as const,
      'SASL_AUTHENTICATION_FAILED',
    ],
  ])('is refused with %s, at once and for good', async (__, sasl, code) => {
    const refused = await port.connect({ ...options, tls, sasl }, soon()).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code, fatal: true, retriable: false })
    expect(String(refused)).toMatch(/refused the credentials: .*(failed|refused)/)
    expect(String(refused)).not.toContain('guess')
  })

  it('says that an authority is not known, that a certificate is missing, that TLS is', async () => {
    const others = createAuthority('others')
    const unknown = port.connect({ ...options, tls: { ...tls, ca: others.cert }, sasl: alice }, soon())
    await expect(unknown).rejects.toMatchObject({ code: 'TLS', fatal: true })
    const without = port.connect({ ...options, tls: { ca: authority.cert }, sasl: alice }, soon())
    await expect(without).rejects.toMatchObject({ code: expect.stringMatching('TLS|NETWORK') })
    const plain = port.connect({ ...options, sasl: alice }, soon())
    await expect(plain).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining('with or without TLS'),
    })
  })

  it('says what a user may not do, topic by topic', async () => {
    const boss = await port.connect({ ...options, tls, sasl: admin }, soon())
    const topic = await makeTopic(boss)
    const client = await port.connect({ ...options, tls, sasl: alice }, soon())
    expect(await client.describe(topic, soon())).toBeUndefined()
    const made = client.create({ name: aTopic(), partitions: 1 }, soon())
    await expect(made).rejects.toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED', fatal: false })
    expect(await write(client, { topic }, [record('x')])).toMatchObject({
      at: 'unsent',
      error: { code: 'TOPIC_AUTHORIZATION_FAILED' },
    })
    await expect(client.read(from(topic), { maxBytes: 1000 }).next()).rejects.toMatchObject({
      code: 'TOPIC_AUTHORIZATION_FAILED',
    })
    await client.probe(soon())
    await client.close(soon())
    await boss.close(soon())
  })
})
