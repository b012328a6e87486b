import type { Committed } from '../group.js'
import type { TopicPartition } from '../reading.js'
import { Writer } from './bytes.js'
import { byTopic } from './log-requests.js'
import type { BrokerAddress, Request } from './requests.js'

export interface Coordinator {
  readonly code: number
  readonly said: string | undefined
  readonly broker: BrokerAddress
}

export function findCoordinator(group: string): Request<Coordinator> {
  return {
    api: 10,
    version: 1,
    body: new Writer().text(group).int8(0).done(),
    read: (reader) => {
      reader.int32()
      const code = reader.int16()
      const said = reader.textOrNull()
      return { code, said, broker: { id: reader.int32(), host: reader.text(), port: reader.int32() } }
    },
  }
}

/** Who speaks, in a group. */
export interface Identity {
  readonly group: string
  readonly generation: number
  readonly member: string
  readonly instance: string | undefined
}

export interface JoinOptions extends Identity {
  readonly sessionMs: number
  readonly rebalanceMs: number
  /** Names of ways to divide partitions, which one of is chosen that all members know. */
  readonly ways: readonly string[]
  readonly subscription: Buffer
}

export interface Joined {
  readonly code: number
  readonly generation: number
  readonly way: string
  readonly leader: string
  readonly member: string
  /** To the leader only. */
  readonly members: readonly { readonly member: string; readonly subscription: Buffer }[]
}

export function joinGroup(join: JoinOptions): Request<Joined> {
  const body = new Writer().text(join.group).int32(join.sessionMs).int32(join.rebalanceMs).text(join.member)
  body.textOrNull(join.instance).text('consumer')
  body.list(join.ways, (way) => body.text(way).bytes(join.subscription))
  return {
    api: 11,
    version: 5,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      const code = reader.int16()
      const generation = reader.int32()
      const way = reader.textOrNull() ?? ''
      const leader = reader.text()
      const member = reader.text()
      const members = reader.list((one) => {
        const name = one.text()
        one.textOrNull()
        return { member: name, subscription: one.bytesOrNull() ?? Buffer.alloc(0) }
      })
      return { code, generation, way, leader, member, members }
    },
  }
}

export interface Share {
  readonly member: string
  readonly assignment: Buffer
}

export function syncGroup(
  who: Identity,
  shares: readonly Share[],
): Request<{ readonly code: number; readonly assignment: Buffer }> {
  const body = identified(who)
  body.list(shares, ({ member, assignment }) => body.text(member).bytes(assignment))
  return {
    api: 14,
    version: 3,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      return { code: reader.int16(), assignment: reader.bytesOrNull() ?? Buffer.alloc(0) }
    },
  }
}

export function heartbeat(who: Identity): Request<number> {
  return {
    api: 12,
    version: 3,
    body: identified(who).done(),
    read: (reader) => {
      reader.int32()
      return reader.int16()
    },
  }
}

export function leaveGroup({ group, member, instance }: Identity): Request<number> {
  const body = new Writer().text(group).int32(1).text(member).textOrNull(instance)
  return {
    api: 13,
    version: 3,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      return reader.int16()
    },
  }
}

export function commitOffsets(who: Identity, places: readonly Committed[]): Request<readonly number[]> {
  const body = identified(who)
  body.list([...byTopic(places)], ([topic, ours]) =>
    body.text(topic).list(ours, ({ partition, offset, note }) =>
      body
        .int32(partition)
        .int64(offset)
        .int32(-1)
        .text(note ?? ''),
    ),
  )
  return {
    api: 8,
    version: 7,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      const codes = reader.list((one) => {
        one.text()
        return one.list((of) => {
          of.int32()
          return of.int16()
        })
      })
      return codes.flat()
    },
  }
}

export interface FetchedOffset extends TopicPartition {
  /** -1: nothing was committed. */
  readonly offset: number
  readonly note: string
  readonly code: number
}

export function fetchOffsets(
  group: string,
  parts: readonly TopicPartition[],
): Request<{ readonly code: number; readonly offsets: readonly FetchedOffset[] }> {
  const body = new Writer().text(group)
  body.list([...byTopic(parts)], ([topic, ours]) =>
    body.text(topic).list(ours, ({ partition }) => body.int32(partition)),
  )
  return {
    api: 9,
    version: 5,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      const offsets = reader.list((one) => {
        const topic = one.text()
        return one.list((of): FetchedOffset => {
          const partition = of.int32()
          const offset = of.int64()
          of.int32()
          return { topic, partition, offset, note: of.textOrNull() ?? '', code: of.int16() }
        })
      })
      return { offsets: offsets.flat(), code: reader.int16() }
    },
  }
}

function identified({ group, generation, member, instance }: Identity): Writer {
  return new Writer().text(group).int32(generation).text(member).textOrNull(instance)
}
