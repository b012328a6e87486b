import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { prepare, writePrepared } from './prepared.js'
import { Turn } from './turn.js'

let server: WebSocketServer
let served: WebSocket
let heard: (readonly [length: number, binary: boolean, start: string])[]

beforeAll(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const connected = once(server, 'connection')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  client.on('message', (data: Buffer, binary: boolean) =>
    heard.push([data.length, binary, String(data.subarray(0, 5))]),
  )
  served = (await connected)[0]
})

afterAll(() => {
  served.terminate()
  server.close()
})

const FRAMES = ['a', 'b'.repeat(200), Buffer.from('c'.repeat(1_000)), 'd'.repeat(70_000), 'e'].map(prepare)
const EXPECTED = [
  [1, false, 'a'],
  [200, false, 'bbbbb'],
  [1_000, true, 'ccccc'],
  [70_000, false, 'ddddd'],
  [1, false, 'e'],
]

/** Sends what `write` writes, and gives what came of it. */
async function carried(count: number, write: () => void): Promise<typeof heard> {
  heard = []
  write()
  await expect.poll(() => heard.length).toBe(count)
  return heard
}

it('frames of every length arrive as they were made, one by one, corked and glued', async () => {
  const oneByOne = (): void => {
    for (const frame of FRAMES) writePrepared(served, frame)
  }
  expect(await carried(5, oneByOne)).toEqual(EXPECTED)
  expect(await carried(5, () => writePrepared(served, FRAMES))).toEqual(EXPECTED)
  expect(await carried(5, () => writePrepared(served, Buffer.concat(FRAMES)))).toEqual(EXPECTED)
})

it('where the socket below cannot be reached they go the public way', async () => {
  const hidden: WebSocket = Object.create(served, {
    _socket: { value: undefined },
    send: { value: served.send.bind(served) },
  })
  expect(await carried(5, () => writePrepared(hidden, Buffer.concat(FRAMES)))).toEqual(EXPECTED)
  expect(await carried(5, () => writePrepared(hidden, FRAMES))).toEqual(EXPECTED)
})

it('who gets the same in one turn shares the bytes', () => {
  const turn = new Turn()
  const [one, two] = [prepare('one'), prepare('two')]
  const shared = turn.glue([one, two])
  expect(shared).toEqual(Buffer.concat([one, two]))
  expect(turn.glue([one, two])).toBe(shared)
  expect(turn.glue([two, one])).toEqual(Buffer.concat([two, one]))
  expect(turn.glue([one])).toBe(one)
  expect(turn.closing(7)).toBe(turn.closing(7))
})
