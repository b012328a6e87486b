import { createClient, primary } from '@spanwire/core'
import type { Credentials, MessagingError } from '@spanwire/driver'
import { createAuthority } from '@spanwire/testkit/network'
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs'
import { expect, it, onTestFinished } from 'vitest'
import { durable, FLOW, patience, pull, refusal, send, textOf, told } from '../../driver/test/talk.js'
import { kafka } from '../src/index.js'
import { type Dial, dial } from './rig/dial.js'
import { withKafka } from './rig/java.js'
import { asAdmin } from './rig/plain.js'
import { siteOf } from './rig/site.js'

const authority = createAuthority('kafka tests')
const broker = authority.issue({ name: 'broker', dns: ['localhost'], ips: ['127.0.0.1'] })
const ann: Credentials = { by: 'password', user: 'ann', password: 's3cret-word' }
const ours = authority.issue({ name: 'client', dns: [], ips: [] })
const tls = { ca: authority.cert, cert: ours.cert, key: ours.key }

/** A token that nobody has signed, as brokers of tests take it, good for so long. */
function token(subject: string, seconds: number): Credentials {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1_000)
  const claims = { sub: subject, iat: now - 3_600, exp: now + seconds }
  return { by: 'token', token: `${part({ alg: 'none' })}.${part(claims)}.` }
}

const site = siteOf({
  security: {
    users: { ann: 's3cret-word', bob: 'b0b-word' },
    certificate: `${broker.key}\n${broker.cert}\n${authority.cert}`,
    clientCa: authority.cert,
    acls: true,
  },
})

/** What everybody may do here: all of it, where nothing else is said. */
async function grant(topic: string, user: string, operation: AclOperationTypes, isAllowed = true): Promise<void> {
  const acl = {
    resourceType: AclResourceTypes.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation,
    permissionType: isAllowed ? AclPermissionTypes.ALLOW : AclPermissionTypes.DENY,
  }
  await asAdmin(admins(), (admin) => admin.createAcls({ acl: [acl] }))
}

function admins(): string[] {
  return site().nodes.map(({ admin }) => admin ?? '')
}

async function refused(how: Dial): Promise<MessagingError> {
  const error = await refusal(dial(site().endpoints, how))
  expect(error.scope).toBe('link')
  for (const secret of ['s3cret-word', 'wr0ng-word']) expect(error.message).not.toContain(secret)
  return error
}

withKafka('a broker with TLS and SASL', () => {
  it.each([
    ['plain', ann],
    ['scram-sha-256', ann],
    ['scram-sha-512', ann],
    ['oauthbearer', token('ann', 600)],
  ] as const)('lets in who has a certificate and knows the password, or has a token (%s)', async (how, as) => {
    const sasl = how === 'oauthbearer' ? 'plain' : how
    const spec = durable()
    await grant(spec.name, 'ann', AclOperationTypes.ALL)
    const link = await dial(site().endpoints, { as, tls, driver: { sasl } })
    await asAdmin(admins(), (admin) =>
      admin.createTopics({ waitForLeaders: true, topics: [{ topic: spec.name, numPartitions: 3 }] }),
    )
    const channel = await link.open(spec, patience())
    const reception = await channel.receive({}, FLOW, patience())
    expect((await send(channel, 'kept')).map(told)).toEqual(['done'])
    expect((await pull(reception, 1)).map(textOf)).toEqual(['kept'])
  })

  it('refuses others as unauthenticated, without a secret in the sentence', async () => {
    const wrong: Credentials[] = [
      { by: 'password', user: 'ann', password: 'wr0ng-word' },
      { by: 'password', user: 'eve', password: 's3cret-word' },
      { by: 'key', jwt: '', seed: 's3cret-word' },
      token('ann', -600),
    ]
    for (const as of wrong)
      expect(await refused({ as, tls })).toMatchObject({ code: 'unauthenticated', retryable: false })
  })

  it('is not taken for another: unknown authority and wrong name are said, and not worth another try', async () => {
    const unknown = await refused({ as: ann, tls: { ca: createAuthority('others').cert } })
    expect(unknown).toMatchObject({ code: 'unavailable', retryable: false })
    expect(unknown.message).toMatch(/authority/)
    const bare = await refused({ as: ann, tls: { ca: authority.cert } })
    expect(bare).toMatchObject({ code: 'unavailable', retryable: false })
    expect(bare.message).toMatch(/certificate/)
    const name = await refused({ as: ann, tls: { ...tls, serverName: 'elsewhere.example' } })
    expect(name).toMatchObject({ code: 'unavailable', retryable: false })
    expect(name.message).toMatch(/name/)
  })
})

withKafka('a client whose password is wrong at its first site', () => {
  it('takes that for a fault of ours: the site is disabled, with a sentence, and nothing fails over', async () => {
    const here = { environment: 'on-prem' } as const
    const siteWith = (password: string) => ({
      location: here,
      driver: kafka(),
      endpoints: site().endpoints,
      tls,
      credentials: async (): Promise<Credentials> => ({ by: 'password', user: 'ann', password }),
    })
    const client = createClient({
      here,
      sites: { a: siteWith('wr0ng-word'), b: siteWith('s3cret-word') },
      routes: [{ match: '>', policy: primary('a', 'b') }],
    })
    onTestFinished(() => client.close({ timeout: '1s' }))
    const types = new Set<string>()
    for await (const event of client.watch()) {
      types.add(event.type)
      const [first] = client.status().sites
      if (first?.state !== 'disabled') continue
      expect(first.trouble).toMatch(/credentials were refused/)
      expect(first.trouble).not.toContain('wr0ng-word')
      break
    }
    expect([...types]).not.toContain('failover')
  })
})

withKafka('a user without rights on one topic', () => {
  it('is told so for that channel, and others go on', async () => {
    const [open, shut] = [durable(), durable()]
    await asAdmin(admins(), (admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: [open, shut].map(({ name }) => ({ topic: name, numPartitions: 3 })),
      }),
    )
    await grant(open.name, 'bob', AclOperationTypes.ALL)
    await grant(shut.name, 'bob', AclOperationTypes.READ)
    const link = await dial(site().endpoints, { as: { by: 'password', user: 'bob', password: 'b0b-word' }, tls })
    const [a, b] = [await link.open(shut, patience()), await link.open(open, patience())]
    const reception = await a.receive({}, FLOW, patience())
    expect((await send(a, 'denied')).map(told)).toEqual(['refused forbidden'])
    expect((await send(b, 'allowed')).map(told)).toEqual(['done'])
    await grant(shut.name, 'bob', AclOperationTypes.READ, false)
    const error = await refusal(pull(reception, 1))
    expect(error).toMatchObject({ code: 'forbidden', scope: 'channel' })
    expect(error.message).toContain(shut.name)
    await link.probe(patience())
    expect((await send(b, 'still allowed')).map(told)).toEqual(['done'])
  })
})
