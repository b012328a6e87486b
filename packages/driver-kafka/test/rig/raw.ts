import { connect } from 'node:net'
import { Reader, Writer } from '../../src/port/protocol/bytes.js'
import { metadata, type Request } from '../../src/port/protocol/requests.js'

/** One question to one broker over a connection of its own, by no client at all. `undefined`: no answer in this time. */
export function ask<T>(endpoint: string, request: Request<T>, timeoutMs = 300): Promise<T | undefined> {
  const { api, version, flexible, body } = request
  const head = new Writer().int16(api).int16(version).int32(1).text('raw')
  if (flexible) head.unsigned(0)
  const message = Buffer.concat([head.done(), body])
  const [host = '', port = ''] = endpoint.split(':')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) })
    const settle = (answer: T | undefined): void => {
      clearTimeout(late)
      socket.destroy()
      resolve(answer)
    }
    const late = setTimeout(settle, timeoutMs, undefined)
    let heard = Buffer.alloc(0)
    socket.on('error', () => settle(undefined))
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes])
      if (heard.length < 8 || heard.length < 4 + heard.readInt32BE(0)) return
      const reader = new Reader(heard.subarray(8))
      if (flexible) reader.skipTags()
      settle(request.read(reader))
    })
    socket.write(Buffer.concat([new Writer().int32(message.length).done(), message]))
  })
}

/** Who leads the first partition of the topic, as this broker knows it. */
export async function leaderAt(endpoint: string, topic: string): Promise<number | undefined> {
  const told = await ask(endpoint, metadata([topic], 0))
  const leader = told?.topics[0]?.partitions[0]?.leader ?? -1
  return leader < 0 ? undefined : leader
}

/** Who heads the cluster: brokers name any of them as the controller, only the quorum knows. */
export async function controllerAt(endpoint: string): Promise<number | undefined> {
  const leader = await ask(endpoint, quorum)
  return leader === undefined || leader < 0 ? undefined : leader
}

/** ElectLeaders: the first partition of the topic is to be led by the first of its replicas. */
export function electPreferred(topic: string): Request<undefined> {
  const body = new Writer()
  body.list([topic], (name) => body.text(name).list([0], (one) => body.int32(one))).int32(2_000)
  return { api: 43, version: 0, body: body.done(), read: () => undefined }
}

/** DescribeQuorum of the log of the cluster. */
const quorum: Request<number> = {
  api: 55,
  version: 0,
  flexible: true,
  body: new Writer()
    .unsigned(2)
    .compact('__cluster_metadata')
    .unsigned(2)
    .int32(0)
    .unsigned(0)
    .unsigned(0)
    .unsigned(0)
    .done(),
  read: (reader) => {
    reader.int16()
    const topics = reader.compactList((one) => {
      one.compactOrNull()
      return one.compactList((of) => {
        of.int32()
        of.int16()
        const leader = of.int32()
        return leader
      })
    })
    return topics[0]?.[0] ?? -1
  },
}
