import type { KafkaPoint } from './port.js'
import type { Fetching, KafkaReader, ReadFrom, TopicPartition } from './reading.js'

export interface MembershipOptions extends Fetching {
  readonly group: string
  readonly topics: readonly string[]
  /** Where a partition begins that the group has committed nothing of. */
  readonly start: KafkaPoint
  /** A member with a name that comes back within `sessionMs` gets its partitions again, and the others keep theirs. */
  readonly instance?: string
  /** How long the coordinator waits for a sign of us before our partitions go to others; within what the brokers allow (6 s to 30 min by default). */
  readonly sessionMs: number
  readonly heartbeatMs: number
  /** How long a member has, when others come or go, to give up what it has. */
  readonly rebalanceMs: number
}

/** Where a group has come to in a partition. */
export interface Committed extends ReadFrom {
  /** What was committed with the offset: Kafka keeps up to 4,096 bytes with it. `undefined`: nothing was committed, it begins at `start`. */
  readonly note: string | undefined
}

/** Hears of its partitions. Called one at a time. */
export interface MembershipListener {
  /** These are ours from now on, from these offsets; all that we have, after each rebalance. */
  assigned(partitions: readonly Committed[]): void
  /**
   * All that we had is about to be given up. What is to be committed is committed before this resolves, for which there is less
   * than `rebalanceMs`; nothing is read until the next `assigned`. `lost`: it is given up already, and no commit will be taken.
   * `silent`: the coordinator has said nothing for `sessionMs`. Either it is gone, and nobody has what is ours, or only we do not
   * hear it, and others do: no commit is taken, and the next `assigned` tells.
   */
  revoked(partitions: readonly TopicPartition[], how: 'given-up' | 'lost' | 'silent'): Promise<void> | void
}

/**
 * One member of a consumer group: reads what it is assigned, heartbeats by itself, rejoins after each rebalance and when the
 * coordinator moves. `next()` gives records of partitions that are ours at that moment, and rejects when membership is refused.
 */
export interface KafkaGroupMember extends KafkaReader {
  /**
   * The next offset to be read of each partition, with a note, for whoever has it then. Rejects with `ILLEGAL_GENERATION`,
   * `UNKNOWN_MEMBER_ID` or `REBALANCE_IN_PROGRESS` when the partition is not ours any more; nothing is retried.
   */
  commit(offsets: readonly Committed[], signal: AbortSignal): Promise<void>
  /** Gives all up and leaves, so that others take over at once; `revoked` is called before. Never rejects; at the abort it leaves without that, and waits for nothing. */
  leave(signal: AbortSignal): Promise<void>
}
