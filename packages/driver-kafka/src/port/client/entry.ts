import { KafkaError } from '../error.js'
import type { Committed } from '../group.js'
import {
  type FetchedOffset,
  fetchOffsets,
  type Identity,
  type Joined,
  joinGroup,
  type Share,
  syncGroup,
} from '../protocol/group-requests.js'
import { brokerError } from '../protocol/names.js'
import type { TopicPartition } from '../reading.js'
import { isLoss } from './cluster.js'
import { type CoordinatorLine, isElsewhere } from './coordinator.js'
import { assignedBy, divide, subscriptionTo, topicsOf, WAYS } from './division.js'
import type { MemberOptions } from './member.js'
import { pause } from './obey.js'
import { offsetsAt } from './offsets.js'

const MEMBER_ID_REQUIRED = 79
const UNKNOWN_MEMBER = 25
const ILLEGAL_GENERATION = 22
const REBALANCE = 27
const UNSTABLE = 88

/** How long until the same is asked again of a coordinator that is not ready. */
const AGAIN_MS = 100

export interface Entered {
  readonly who: Identity
  readonly parts: readonly Committed[]
}

/** The way into a group: join, agree with the others on who has what, and learn where to begin. */
export class Entry {
  readonly #options: MemberOptions
  readonly #coordinator: CoordinatorLine

  constructor(options: MemberOptions, coordinator: CoordinatorLine) {
    this.#options = options
    this.#coordinator = coordinator
  }

  /** Tries until it is in. Rejects when the group does not want us, and on abort. */
  async enter(from: Identity, signal: AbortSignal): Promise<Entered> {
    let who = from
    for (;;) {
      try {
        const step = await this.#once(who, signal)
        if ('parts' in step) return step
        who = step.who
      } catch (error) {
        const isPassing = isLoss(error) || (error instanceof KafkaError && error.retriable && !error.fatal)
        if (signal.aborted || !isPassing) throw error
        this.#coordinator.forget()
        await pause(AGAIN_MS, signal)
      }
    }
  }

  /** In, or who we are to be at the next try. */
  async #once(who: Identity, signal: AbortSignal): Promise<Entered | { readonly who: Identity }> {
    const joined = await this.#join(who, signal)
    if (joined.code === MEMBER_ID_REQUIRED) return { who: { ...who, member: joined.member } }
    if (joined.code === UNKNOWN_MEMBER) return { who: { ...who, member: '' } }
    this.#check(joined.code, 'let us into')
    const member: Identity = { ...who, generation: joined.generation, member: joined.member }
    const shares = joined.leader === joined.member ? await this.#divide(joined, signal) : []
    const { rebalanceMs } = this.#options.options
    const synced = await this.#coordinator.ask(syncGroup(member, shares), rebalanceMs, signal)
    if (synced.code === REBALANCE) return { who: { ...member, generation: -1 } }
    if (synced.code === UNKNOWN_MEMBER || synced.code === ILLEGAL_GENERATION)
      return { who: { ...who, generation: -1, member: '' } }
    this.#check(synced.code, 'tell us our partitions of')
    return { who: member, parts: await this.#begin(assignedBy(synced.assignment), signal) }
  }

  async #join(who: Identity, signal: AbortSignal): Promise<Joined> {
    const { sessionMs, rebalanceMs, topics } = this.#options.options
    const { answerMs } = this.#options.cluster.options.times
    const request = joinGroup({ ...who, sessionMs, rebalanceMs, ways: WAYS, subscription: subscriptionTo(topics) })
    // The others have that long to come, and a broker may hold an empty group for some seconds more.
    return await this.#coordinator.ask(request, rebalanceMs + 2 * answerMs, signal)
  }

  async #divide({ members }: Joined, signal: AbortSignal): Promise<readonly Share[]> {
    const partitions: TopicPartition[] = []
    for (const topic of topicsOf(members)) {
      const told = await this.#options.cluster.topic(topic, signal)
      for (const { partition } of told.partitions) partitions.push({ topic, partition })
    }
    partitions.sort((a, b) => a.partition - b.partition)
    return divide(members, partitions)
  }

  /** Where each of them begins: where somebody has committed, else at the start that was asked for. */
  async #begin(parts: readonly TopicPartition[], signal: AbortSignal): Promise<readonly Committed[]> {
    if (parts.length === 0) return []
    const { cluster, options } = this.#options
    const committed = await this.#committed(parts, signal)
    const fresh = committed.filter(({ offset }) => offset < 0)
    const starts = new Map<string, ReadonlyMap<number, number>>()
    for (const topic of new Set(fresh.map((one) => one.topic)))
      starts.set(topic, await offsetsAt(cluster, { topic, at: options.start, signal }))
    return committed.map(({ topic, partition, offset, note }) =>
      offset < 0
        ? { topic, partition, offset: starts.get(topic)?.get(partition) ?? 0, note: undefined }
        : { topic, partition, offset, note },
    )
  }

  async #committed(parts: readonly TopicPartition[], signal: AbortSignal): Promise<readonly FetchedOffset[]> {
    const { cluster, options } = this.#options
    for (;;) {
      const request = fetchOffsets(options.group, parts)
      const { code, offsets } = await this.#coordinator.ask(request, cluster.options.times.answerMs, signal)
      const failed = code === 0 ? (offsets.find((one) => one.code !== 0)?.code ?? 0) : code
      if (failed !== UNSTABLE) {
        this.#check(failed, 'tell the offsets of')
        return offsets
      }
      await pause(AGAIN_MS, signal)
    }
  }

  #check(code: number, what: string): void {
    if (isElsewhere(code)) this.#coordinator.forget()
    if (code !== 0) throw brokerError(code, `${what} group ${this.#options.options.group}`)
  }
}
