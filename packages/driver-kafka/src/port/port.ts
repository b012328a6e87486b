import type { PortError } from './error.js'

/**
 * Kafka as this driver needs it. An adapter fills it with a client library, whose own retries, partitioners, commits and batching
 * are off: one call is one attempt. Whatever fails rejects with a {@link PortError}. Nothing of a library's types passes.
 */
export interface Port {
  /** Resolves after authentication and a metadata answer. Aborted or failed it leaves no socket or timer. */
  connect(options: PortOptions, signal: AbortSignal): Promise<Cluster>
}

export interface PortOptions {
  readonly clientId: string
  /** `host:port`. */
  readonly brokers: readonly string[]
  /** PEM texts. Absent: no TLS. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string }
  readonly sasl?: Sasl
  /** How long a produce request may take, and any other that has no signal, in ms. */
  readonly requestMs: number
  /** How old the picture of who leads what may get, in ms. */
  readonly metadataMs: number
  /** What a broker that has nothing new waits before it says so, in ms. */
  readonly pollMs: number
}

export type Sasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly user: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; token(): Promise<string> }

/** One cluster, by connections of its own to those brokers that it needs. */
export interface Cluster {
  readonly id: string
  /** The brokers known now, `host:port`. */
  readonly brokers: readonly string[]
  /** One metadata round trip over the connections that are there. */
  probe(): Promise<void>
  /** Its partitions by number, asked anew; `undefined`: there is no such topic. */
  partitions(topic: string): Promise<readonly Partition[] | undefined>
  /** Its settings; rejects with `TOPIC_AUTHORIZATION_FAILED` where they may not be read. */
  settings(topic: string): Promise<Readonly<Record<string, string>>>
  /** Resolves when every partition has a leader. Rejects with `TOPIC_ALREADY_EXISTS` where it was there. */
  createTopic(topic: NewTopic): Promise<void>
  /** Writes to one partition in one request to its leader, with acks from all in-sync replicas, and tells the offset of the first. */
  produce(topic: string, partition: number, records: readonly NewRecord[]): Promise<Appended>
  /** By partition: the first offset, the one behind the last, or the first that was stamped then or later (else the one behind the last). */
  offsets(topic: string, at: 'low' | 'high' | { readonly timeMs: number }): Promise<readonly number[]>
  /** Reads partitions from these offsets without a group. Resolves when every leader has answered once. */
  read(topic: string, from: Offsets, events: ReadEvents, signal: AbortSignal): Promise<Reader>
  /** Resolves when the group has given us what is ours, maybe nothing. */
  join(membership: Membership, events: MemberEvents, signal: AbortSignal): Promise<Member>
  /** Cuts all that is open, in this turn: every call rejects with `CLOSED`, readers and members say nothing more. */
  close(): void
}

export interface Partition {
  /** `undefined`: it has no leader now. */
  readonly leader: number | undefined
}

/** By number of the partition. */
export type Offsets = ReadonlyMap<number, number>

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  /** -1: as many as the brokers like. */
  readonly replicas: number
  readonly settings: Readonly<Record<string, string>>
}

/** In order, repeated names allowed. */
export type RecordHeaders = readonly (readonly [name: string, value: Uint8Array])[]

export interface NewRecord {
  readonly key: Uint8Array | null
  /** `null`: a tombstone. */
  readonly value: Uint8Array | null
  readonly headers: RecordHeaders
}

export interface Appended {
  readonly offset: number
  /** The stamp of the broker's log, Unix ms, where it stamps. */
  readonly timeMs: number | undefined
}

/** A record as it lies in a partition. `headers` may be decoded when asked. */
export interface StoredRecord {
  readonly offset: number
  /** Unix ms: the log's stamp or the producer's, as the topic is set. */
  readonly timeMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: RecordHeaders
}

/** What comes from one partition. */
export interface FetchEvents {
  /** In order; none below the offset asked for. `next`: where the following fetch begins, which may be further than the last record. */
  records(partition: number, records: readonly StoredRecord[], next: number): void
  /** What lies from `from` to before `next` cannot be decoded; reading goes on behind it. */
  undecodable(partition: number, from: number, next: number, error: PortError): void
  /** Retention has taken what lay from `from` to before `next`; reading goes on there. */
  trimmed(partition: number, from: number, next: number): void
  /** This source is over and the cluster is not: the topic is gone, or reading it was forbidden. Nothing comes after. */
  failed(error: PortError): void
}

/** An adapter follows leaders as they move; meanwhile nothing is said. */
export interface ReadEvents extends FetchEvents {
  /** All leaders, those of held partitions too, have answered since the last time. */
  alive(): void
}

/** One source of records without a group. */
export interface Reader {
  /** Nothing more is fetched until `resume`; leaders are still asked for a sign of life. What is on its way still comes. */
  pause(): void
  resume(): void
  /** At once: no event comes after the call, no socket remains. */
  stop(): void
}

export interface Membership {
  readonly group: string
  readonly topic: string
  /** After so long without a sign of us the group gives our partitions to others, in ms. */
  readonly sessionMs: number
  readonly heartbeatMs: number
  /** How long the group waits for its members when it divides anew, in ms. */
  readonly rebalanceMs: number
}

/** How far a group has come in a partition, and what its member noted with that. */
export interface Place {
  readonly partition: number
  /** The next that nobody has done; -1: nothing was committed. */
  readonly offset: number
  readonly note: string
}

export interface MemberEvents extends FetchEvents {
  /** These partitions are ours from now on, with what was committed there last. Gives where to read from. */
  assigned(places: readonly Place[]): Offsets
  /** None is ours any more. Called in the turn in which we learn of it, before the group can give them to others if that is possible. */
  revoked(): void
  /** The coordinator has answered, and every leader of our partitions since the last time. */
  alive(): void
}

/** Our share of a group. */
export interface Member {
  /** These, and only these of ours, are not fetched from now on. */
  hold(partitions: readonly number[]): void
  /** Reads on from there. */
  seek(partition: number, offset: number): void
  /** Rejects with `ILLEGAL_GENERATION`, `UNKNOWN_MEMBER_ID` or `REBALANCE_IN_PROGRESS` where it is not ours any more. */
  commit(places: readonly Place[]): Promise<void>
  /** Says goodbye, so that others get our partitions at once, and ends. No event comes after the call. Never rejects. */
  leave(): Promise<void>
}
