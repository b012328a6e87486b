import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Relay } from '../src/network/relay.js'

/** A server behind a relay, a client before it, and what each of them was told. */
async function line() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const relay = await Relay.listen({ target: (server.address() as AddressInfo).port })
  const accepted = once(server, 'connection')
  const client = end(connect(relay.port, '127.0.0.1'))
  const [socket] = await accepted
  const far = end(socket)
  onTestFinished(async () => {
    for (const { socket } of [client, far]) socket.destroy()
    await relay.close()
    server.close()
    await once(server, 'close')
  })
  return { relay, client, far }
}

function end(socket: Socket) {
  const chunks: Buffer[] = []
  const waiting = new Set<() => void>()
  const look = (): void => {
    for (const one of waiting) one()
  }
  let closed: 'no' | 'clean' | 'reset' = 'no'
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    look()
  })
  socket.on('error', () => undefined)
  socket.on('close', (hadError) => {
    closed = hadError ? 'reset' : 'clean'
    look()
  })
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const one = (): void => {
        if (!isSo()) return
        waiting.delete(one)
        resolve()
      }
      waiting.add(one)
      one()
    })
  const text = (): string => Buffer.concat(chunks).toString()
  return {
    socket,
    chunks,
    text,
    closed: () => closed,
    heard: (wanted: string) => until(() => text() === wanted),
    over: () => until(() => closed !== 'no'),
  }
}

describe('a relay', () => {
  it('carries both ways, and an end', async () => {
    const { client, far } = await line()
    client.socket.write('question')
    await far.heard('question')
    far.socket.end('answer')
    await client.heard('answer')
    await client.over()
    expect(client.closed()).toBe('clean')
  })

  it('that is hung one way carries the other, and brings what waited when it is healed', async () => {
    const { client, far, relay } = await line()
    relay.hang('back')
    client.socket.write('one')
    await far.heard('one')
    far.socket.write('two')
    client.socket.write(' three')
    await far.heard('one three')
    expect(client.text()).toBe('')
    relay.heal()
    await client.heard('two')
  })

  it('with latency carries everything that much later, in order', async () => {
    const { client, far, relay } = await line()
    relay.shape({ latencyMs: 120 }, 'there')
    const began = performance.now()
    client.socket.write('a')
    client.socket.write('b')
    await far.heard('ab')
    expect(performance.now() - began).toBeGreaterThanOrEqual(119)
    relay.shape({})
    client.socket.end('c')
    await far.heard('abc')
  })

  it('with little bandwidth takes its time, and no byte is lost', async () => {
    const { client, far, relay } = await line()
    relay.shape({ bytesPerSecond: 100_000 }, 'there')
    const bytes = 'x'.repeat(20_000)
    const began = performance.now()
    client.socket.write(bytes)
    await far.heard(bytes)
    // The last step may go at once.
    expect(performance.now() - began).toBeGreaterThanOrEqual(175)
  })

  it('slices what comes in one piece', async () => {
    const { client, far, relay } = await line()
    const text = 'x'.repeat(300)
    relay.shape({ sliceBytes: 3 }, 'back')
    far.socket.write(text)
    await client.heard(text)
    // TCP may join some of a hundred slices; in one piece it would be one or two.
    expect(client.chunks.length).toBeGreaterThan(10)
  })

  it('resets connections that are cut, and takes new ones', async () => {
    const { client, far, relay } = await line()
    relay.cut()
    await client.over()
    expect(client.closed()).toBe('reset')
    await far.over()
    const next = end(connect(relay.port, '127.0.0.1'))
    await once(next.socket, 'connect')
    next.socket.destroy()
  })

  it('passes a reset on as a reset', async () => {
    const { client, far } = await line()
    client.socket.write('hello')
    await far.heard('hello')
    far.socket.resetAndDestroy()
    await client.over()
    expect(client.closed()).toBe('reset')
  })

  it('tells a close later when it closes slowly', async () => {
    const { client, far, relay } = await line()
    relay.shape({ closeMs: 150 }, 'back')
    const began = performance.now()
    far.socket.end('bye')
    await client.heard('bye')
    await client.over()
    expect(performance.now() - began).toBeGreaterThanOrEqual(149)
  })

  it.each(['server', 'client'] as const)('leaves the other end in the dark when the %s is stranded', async (gone) => {
    const { client, far, relay } = await line()
    client.socket.write('hello')
    await far.heard('hello')
    const [lost, left] = gone === 'server' ? [far, client] : [client, far]
    relay.strand(gone)
    await lost.over()
    left.socket.write('is anybody there?')
    // A round trip elsewhere: whatever would have been told has been told.
    const other = end(connect(relay.port, '127.0.0.1'))
    await once(other.socket, 'connect')
    other.socket.destroy()
    expect(left.closed()).toBe('no')
  })

  it('knows nothing of frames unless it is told which', async () => {
    const { relay } = await line()
    expect(() => relay.rule('there', { op: 'send', action: 'drop' })).toThrow(/protocol: 'gateway'/)
  })
})
