import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { SilentEndpoint } from '../conformance/harness.js'

/** A TCP port of 127.0.0.1 that accepts, reads, counts, and never answers. */
export async function silentEndpoint(): Promise<SilentEndpoint> {
  const sockets = new Set<Socket>()
  let bytes = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      bytes += data.length
    })
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `127.0.0.1:${port}`,
    bytes: () => bytes,
    connections: () => sockets.size,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
