import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { patience, refusal } from '../../driver/test/talk.js'
import { dial } from './rig/dial.js'

/** A server that is none of NATS, for the length of a test. */
async function peer(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  return listening(server)
}

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('what is not a NATS server', () => {
  const info = 'INFO {"server_id":"X","version":"2.15.2","max_payload":1048576,"headers":true}\r\n'

  it.each([
    { what: 'closes at once', serve: (socket: Socket) => socket.end() },
    { what: 'resets', serve: (socket: Socket) => socket.resetAndDestroy() },
    { what: 'talks another protocol', serve: (socket: Socket) => socket.write('220 mail.example ESMTP\r\n') },
    { what: 'talks without end', serve: (socket: Socket) => socket.write('x'.repeat(1 << 20)) },
    { what: 'greets and closes', serve: (socket: Socket) => socket.end(info) },
    { what: 'greets with broken JSON', serve: (socket: Socket) => socket.write('INFO {"server_id"\r\n') },
    { what: 'is full', serve: (socket: Socket) => socket.end(`${info}-ERR 'maximum connections exceeded'\r\n`) },
  ])('one that $what is unavailable, and the sentence says where', async ({ serve }) => {
    const endpoint = await peer(serve)
    const error = await refusal(dial(endpoint))
    expect(error).toMatchObject({ code: 'unavailable', scope: 'link' })
    expect(error.message).toContain(endpoint)
    expect(error.message.split(' ').length).toBeGreaterThan(4)
  })

  it('a web server is unavailable', async () => {
    const endpoint = await listening(createHttpServer((_, response) => response.end('hello')))
    const error = await refusal(dial(endpoint, { signal: patience(1_500) }))
    expect(['unavailable', 'timeout']).toContain(error.code)
  })

  it('a port where nobody is, and a name that does not exist, are unavailable and retryable', async () => {
    const server = createServer()
    const endpoint = await listening(server)
    await new Promise((resolve) => server.close(resolve))
    for (const place of [endpoint, 'no-such-host.invalid:4222'])
      expect(await refusal(dial(place))).toMatchObject({ code: 'unavailable', retryable: true, scope: 'link' })
  })

  it.each(['', 'http://127.0.0.1:4222', '127.0.0.1:99999', 'nats://', 'a b:4222'])(
    '"%s" is no endpoint',
    async (endpoint) => {
      expect(await refusal(dial(endpoint))).toMatchObject({ code: 'invalid', scope: 'link' })
    },
  )
})
