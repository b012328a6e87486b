import { type Reader, Writer } from './bytes.js'

/** One question: Kafka's number of it, the version we speak, its body, and how to read the answer. */
export interface Request<T> {
  readonly api: number
  readonly version: number
  /** Of the newer kind, whose heads have tags too. */
  readonly flexible?: true
  readonly body: Buffer
  /** Throws a RangeError for what is not Kafka. */
  read(reader: Reader): T
}

export interface BrokerAddress {
  readonly id: number
  readonly host: string
  readonly port: number
}

/** Number of each api and the newest version of it that the broker speaks. */
export function apiVersions(): Request<ReadonlyMap<number, number>> {
  return {
    api: 18,
    version: 0,
    body: Buffer.alloc(0),
    read: (reader) => {
      reader.int16()
      return new Map(
        reader.list((one): [number, number] => {
          const api = one.int16()
          one.int16()
          return [api, one.int16()]
        }),
      )
    },
  }
}

export interface Metadata {
  readonly brokers: readonly BrokerAddress[]
  readonly clusterId: string
  readonly controller: number
  readonly topics: readonly TopicMetadata[]
}

export interface TopicMetadata {
  readonly code: number
  readonly name: string
  readonly id: string | undefined
  readonly partitions: readonly PartitionMetadata[]
}

export interface PartitionMetadata {
  readonly partition: number
  /** -1: none. */
  readonly leader: number
  readonly replicas: number
  readonly inSync: number
}

/** From which version on topics have an identity. */
const METADATA_WITH_IDS = 10

export function metadata(topics: readonly string[], newest: number): Request<Metadata> {
  return newest >= METADATA_WITH_IDS ? metadataWithIds(topics) : metadataOld(topics)
}

function metadataOld(topics: readonly string[]): Request<Metadata> {
  const body = new Writer()
  body.list(topics, (topic) => body.text(topic)).bool(false)
  return {
    api: 3,
    version: 7,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      const brokers = reader.list((one) => {
        const broker = { id: one.int32(), host: one.text(), port: one.int32() }
        one.textOrNull()
        return broker
      })
      return { brokers, clusterId: reader.text(), controller: reader.int32(), topics: reader.list(topicOld) }
    },
  }
}

function topicOld(reader: Reader): TopicMetadata {
  const code = reader.int16()
  const name = reader.text()
  reader.bool()
  const partitions = reader.list((one) => {
    one.int16()
    const partition = one.int32()
    const leader = one.int32()
    one.int32()
    const replicas = one.list((of) => of.int32()).length
    const inSync = one.list((of) => of.int32()).length
    one.list((of) => of.int32())
    return { partition, leader, replicas, inSync }
  })
  return { code, name, id: undefined, partitions }
}

function metadataWithIds(topics: readonly string[]): Request<Metadata> {
  const body = new Writer().unsigned(topics.length + 1)
  for (const topic of topics) body.raw(NO_ID).compact(topic).unsigned(0)
  // Make none that is missing, tell nobody's permissions.
  body.bool(false).bool(false).bool(false).unsigned(0)
  return {
    api: 3,
    version: METADATA_WITH_IDS,
    flexible: true,
    body: body.done(),
    read: (reader) => {
      reader.int32()
      const brokers = reader.compactList((one) => {
        const broker = { id: one.int32(), host: one.compactOrNull() ?? '', port: one.int32() }
        one.compactOrNull()
        one.skipTags()
        return broker
      })
      const clusterId = reader.compactOrNull() ?? ''
      return { brokers, clusterId, controller: reader.int32(), topics: reader.compactList(topicWithId) }
    },
  }
}

const NO_ID = Buffer.alloc(16)

function topicWithId(reader: Reader): TopicMetadata {
  const code = reader.int16()
  const name = reader.compactOrNull() ?? ''
  const id = reader.raw(16)
  reader.bool()
  const partitions = reader.compactList((one) => {
    one.int16()
    const partition = one.int32()
    const leader = one.int32()
    one.int32()
    const replicas = one.compactList((of) => of.int32()).length
    const inSync = one.compactList((of) => of.int32()).length
    one.compactList((of) => of.int32())
    one.skipTags()
    return { partition, leader, replicas, inSync }
  })
  reader.int32()
  reader.skipTags()
  return { code, name, id: id.equals(NO_ID) ? undefined : id.toString('base64url'), partitions }
}
