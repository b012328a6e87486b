import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { type Authority, type Certificate, createAuthority } from '../src/network/authority.js'

const ours = createAuthority('ours')
const server = ours.issue({ name: 'server', dns: ['localhost'], ips: ['127.0.0.1'] })

describe('an authority of tests', () => {
  it('issues what whoever trusts it accepts, by name and by address', async () => {
    expect(await greet(server, { ca: ours })).toBe('hello, nobody')
    expect(await greet(server, { ca: ours, servername: 'localhost' })).toBe('hello, nobody')
  })

  it('is not trusted by who trusts another one', async () => {
    await expect(greet(server, { ca: createAuthority('ours') })).rejects.toMatchObject({
      code: expect.stringMatching(/UNABLE_TO_VERIFY|SELF_SIGNED_CERT_IN_CHAIN/),
    })
  })

  it('does not speak for other names, nor for what has expired', async () => {
    const elsewhere = ours.issue({ name: 'server', dns: ['elsewhere.example'] })
    await expect(greet(elsewhere, { ca: ours })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    const old = ours.issue({ name: 'server', ips: ['127.0.0.1'], untilMs: Date.now() - 1_000 })
    await expect(greet(old, { ca: ours })).rejects.toMatchObject({ code: 'CERT_HAS_EXPIRED' })
  })

  it('issues client certificates, by which a server knows who came', async () => {
    const client = ours.issue({ name: 'ann', emails: ['ann@example.com'] })
    expect(await greet(server, { ca: ours, client })).toBe('hello, ann')
    const stranger = createAuthority('ours').issue({ name: 'eve' })
    // Some of TLS's versions tell the client only by ending the connection.
    const greeting = await greet(server, { ca: ours, client: stranger, strict: true }).catch(() => '')
    expect(greeting).toBe('')
    expect(await greet(server, { ca: ours, client, strict: true })).toBe('hello, ann')
  })
})

interface Greeting {
  readonly ca: Authority
  readonly client?: Certificate
  readonly servername?: string
  readonly strict?: boolean
}

/** What a server with this certificate says to a client. */
async function greet(own: Certificate, { ca, client, servername, strict = false }: Greeting): Promise<string> {
  const options = { ...own, ca: ours.cert, requestCert: true, rejectUnauthorized: strict }
  const listening = createServer(options, (socket: TLSSocket) => {
    socket.on('error', () => undefined)
    socket.end(`hello, ${socket.getPeerCertificate().subject?.CN ?? 'nobody'}`)
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  try {
    const { port } = listening.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1', ca: ca.cert, ...client, ...(servername && { servername }) })
    const chunks = await socket.toArray()
    return Buffer.concat(chunks).toString()
  } finally {
    listening.close()
  }
}
