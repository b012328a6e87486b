import type { KafkaGroupMember, MembershipListener, MembershipOptions } from './group.js'
import type { ProduceBatch, Produced } from './producing.js'
import type { Fetching, KafkaReader, ReadFrom } from './reading.js'

/**
 * All that the driver needs of a Kafka client. Two come with it, on kafkajs and on @platformatic/kafka; another is any object of
 * this shape. A port holds no policy: it retries nothing that may have been taken, and drops nothing that it has read.
 */
export interface KafkaPort {
  /** The library's name and version, for status and errors. */
  readonly name: string
  /**
   * Resolves with a client when one of the brokers has let us in and told the cluster's brokers. Dead and hung ones among
   * `brokers` cost no time if another answers. On abort it rejects within 50 ms and leaves no socket and no timer.
   */
  connect(options: KafkaConnect, signal: AbortSignal): Promise<KafkaClient>
}

export interface KafkaConnect {
  /** `host:port` of some brokers of one cluster; the others are learnt from them. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Present: TLS. All in PEM. */
  readonly tls?: KafkaTls
  readonly sasl?: KafkaSasl
  readonly times: KafkaTimes
}

export interface KafkaTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly serverName?: string
}

export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly user: string
      readonly password: string
    }
  /** Asked before each authentication, of which each connection has one. */
  | { readonly mechanism: 'oauthbearer'; token(): Promise<string> }

/** Every limit of time that a port keeps. */
export interface KafkaTimes {
  /** To be connected to one broker and let in. */
  readonly connectMs: number
  /** For an answer that a broker can give at once: metadata, offsets, a commit, a heartbeat. */
  readonly answerMs: number
  /** For the brokers to agree on a topic that is made or removed. */
  readonly changeMs: number
  /** For a produce request, which waits for the replicas: above the brokers' time to fence one of them. */
  readonly produceMs: number
  /** How long a broker holds an idle fetch. */
  readonly fetchWaitMs: number
  /** How long a fetch may be late, beyond that, before its broker counts as hung and is asked again elsewhere. */
  readonly fetchLateMs: number
  /** How often leaders are looked up again while something waits for one that does not answer. */
  readonly lookAgainMs: number
}

export const defaultTimes: KafkaTimes = {
  connectMs: 1_500,
  answerMs: 2_000,
  changeMs: 5_000,
  produceMs: 30_000,
  fetchWaitMs: 250,
  fetchLateMs: 1_000,
  lookAgainMs: 500,
}

/**
 * One cluster, with as many connections to its brokers as are needed. It survives the loss of brokers: no call hangs on one
 * that is hung for longer than the times say, and the next goes to whoever leads by then. All promises reject with
 * {@link KafkaError} only; those that take a signal reject with `ABORTED` at its abort, at once.
 */
export interface KafkaClient {
  /** As the cluster calls itself; two that differ are two clusters. */
  readonly clusterId: string
  /** One round trip to some broker on a connection that operations use. */
  probe(signal: AbortSignal): Promise<void>
  /** The topic as it is now; `undefined`: there is none, or none that we may see. */
  describe(topic: string, signal: AbortSignal): Promise<KafkaTopic | undefined>
  /** `exists`: somebody made it before, perhaps with other settings. Resolves when all its partitions have leaders. */
  create(topic: NewKafkaTopic, signal: AbortSignal): Promise<'created' | 'exists'>
  /** Resolves also when there is none. */
  remove(topic: string, signal: AbortSignal): Promise<void>
  /** The settings of a topic by name, as `max.message.bytes`; `undefined`: we may not see them. */
  settings(topic: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined>
  /** The offset of each partition at this point: of the first record stamped then or later, the end if there is none. */
  offsets(topic: string, at: KafkaPoint, signal: AbortSignal): Promise<ReadonlyMap<number, number>>
  /**
   * Writes each batch to its partition, all replicas in sync asked to confirm, one request to a leader for what it leads. Reports
   * each batch once, as soon as its fate is known, `produceMs` after the call at the latest, perhaps before this returns. Never
   * tried again. Batches of one partition that are open at the same time may change places: have one open.
   */
  produce(batches: readonly ProduceBatch[], report: (index: number, produced: Produced) => void): void
  /** Reads these partitions, without a group and leaving nothing behind at the brokers. Attached when it returns: offsets are the caller's. */
  read(from: readonly ReadFrom[], how: Fetching): KafkaReader
  /** Resolves when the member has its first assignment. */
  join(options: MembershipOptions, listener: MembershipListener, signal: AbortSignal): Promise<KafkaGroupMember>
  /**
   * Resolves when the sockets are gone; what is under way is reported or rejected before that, with `CLOSED`. Members leave their
   * groups first, unless the signal aborts. Never rejects. Again: the same.
   */
  close(signal: AbortSignal): Promise<void>
}

export interface KafkaTopic {
  readonly name: string
  /** Differs from that of an earlier topic of the same name; `undefined`: the library does not ask. */
  readonly id: string | undefined
  /** In the order of their numbers, from 0. */
  readonly partitions: readonly KafkaPartition[]
}

export interface KafkaPartition {
  readonly partition: number
  /** `undefined`: none at the moment. */
  readonly leader: number | undefined
  readonly replicas: number
  readonly inSync: number
}

export interface NewKafkaTopic {
  readonly name: string
  readonly partitions: number
  /** Absent: the brokers' default. */
  readonly replicas?: number
  /** Settings by name; others are the brokers' defaults. */
  readonly settings?: Readonly<Record<string, string>>
}

export type KafkaPoint = 'beginning' | 'end' | { readonly timeMs: number }
