import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { text, topic } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { websocket } from '@spanwire/driver-websocket'
import { createGateway } from '@spanwire/gateway'
import { createAuthority } from '@spanwire/testkit/network'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connect, parseConfig } from '../src/index.js'

it('a site with tls is reached by wss with the certificates that its files hold', async () => {
  const authority = createAuthority('tests')
  const feed = authority.issue({ name: 'feed' })
  const folder = await mkdtemp(join(tmpdir(), 'spanwire-tls-'))
  const files = { ca: authority.cert, cert: feed.cert, key: feed.key }
  for (const [name, pem] of Object.entries(files)) await writeFile(join(folder, name), pem)
  await using gateway = await createGateway({
    upstream: () =>
      memory(createEngine()).connect(
        ['memory'],
        { client: 'gateway', nonce: 'A'.repeat(16), missing: 'create', credentials: async () => ({ by: 'none' }) },
        AbortSignal.timeout(5_000),
      ),
    listen: {
      port: 0,
      host: 'localhost',
      tls: { ...authority.issue({ name: 'gateway', dns: ['gateway.example'] }), clientCa: authority.cert },
    },
    authenticate: (_, { socket }) => ({ subject: String((socket as TLSSocket).getPeerCertificate().subject.CN) }),
    authorize: (subject) => subject === 'feed',
  })
  const config = parseConfig(`
here: { environment: on-prem }
sites:
  frankfurt:
    location: { environment: on-prem }
    driver: websocket
    endpoints: ['localhost:${gateway.port}']
    tls:
      ca: { file: '${join(folder, 'ca')}' }
      cert: { file: '${join(folder, 'cert')}' }
      key: { file: '${join(folder, 'key')}' }
      serverName: gateway.example
`)
  const client = await connect(config, { drivers: { websocket: () => websocket({ WebSocket }) } })
  const notes = topic('notes', text)
  await expect(client.publish(notes, 'hello')).resolves.toMatchObject({ sites: ['frankfurt'] })
  await client.close()
  await rm(folder, { recursive: true })
})
