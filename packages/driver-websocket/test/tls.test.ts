import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ConnectOptions } from '@spanwire/driver'
import { createEngine, memory } from '@spanwire/driver-memory'
import { createGateway, type GatewayOptions } from '@spanwire/gateway'
import { createAuthority } from '@spanwire/testkit/network'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { websocket } from '../src/index.js'

const authority = createAuthority('tests')
const own = authority.issue({ name: 'gateway', dns: ['localhost'] })
const desk = authority.issue({ name: 'desk-7' })

const driver = websocket({ WebSocket })

function connect(endpoint: string, tls?: NonNullable<ConnectOptions['tls']>) {
  const credentials = async () => ({ by: 'none' as const })
  const how = { client: 'desk', nonce: 'A'.repeat(16), missing: 'create', credentials, ...(tls && { tls }) } as const
  return driver.connect([endpoint], how, AbortSignal.timeout(5_000))
}

function serve(listen: GatewayOptions['listen'], options: Partial<GatewayOptions> = {}) {
  const upstream = () =>
    memory(createEngine()).connect(
      ['memory'],
      { client: 'gateway', nonce: 'A'.repeat(16), missing: 'create', credentials: async () => ({ by: 'none' }) },
      AbortSignal.timeout(5_000),
    )
  const authenticate = () => ({ subject: 'anybody' })
  return createGateway({ upstream, listen, authenticate, authorize: () => true, ...options })
}

it('a gateway with a certificate is reached by wss, and says so', async () => {
  await using gateway = await serve({ port: 0, host: 'localhost', tls: own })
  expect(gateway.url).toMatch(/^wss:\/\/localhost:\d+\/$/)
  for (const endpoint of [gateway.url, `localhost:${gateway.port}`]) {
    const link = await connect(endpoint, { ca: authority.cert })
    await link.probe(AbortSignal.timeout(5_000))
    await link.close(AbortSignal.timeout(5_000))
  }
})

it('a gateway takes the upgrades of a server with TLS that is not its own', async () => {
  const server = createServer(own)
  server.listen(0, 'localhost')
  await once(server, 'listening')
  await using _ = await serve({ server })
  const link = await connect(`localhost:${(server.address() as AddressInfo).port}`, { ca: authority.cert })
  await link.close(AbortSignal.timeout(5_000))
  server.close()
})

it('a certificate for another name is accepted when the client was told that name', async () => {
  const other = authority.issue({ name: 'gateway', dns: ['gateway.example'] })
  await using gateway = await serve({ port: 0, host: 'localhost', tls: other })
  const link = await connect(gateway.url, { ca: authority.cert, serverName: 'gateway.example' })
  await link.close(AbortSignal.timeout(5_000))
})

it('with mutual TLS the client shows its certificate, and authenticate sees whose it is', async () => {
  const subjects: unknown[] = []
  await using gateway = await serve(
    { port: 0, host: 'localhost', tls: { ...own, clientCa: authority.cert } },
    {
      authenticate: (_, { socket }) => {
        const subject = (socket as TLSSocket).getPeerCertificate().subject.CN
        subjects.push(subject)
        return { subject: String(subject) }
      },
    },
  )
  const link = await connect(gateway.url, { ca: authority.cert, ...desk })
  expect(subjects).toEqual(['desk-7'])
  await link.close(AbortSignal.timeout(5_000))
  const stranger = createAuthority('others').issue({ name: 'desk-7' })
  await expect(connect(gateway.url, { ca: authority.cert, ...stranger })).rejects.toMatchObject({ code: 'unavailable' })
  expect(subjects).toHaveLength(1)
})
