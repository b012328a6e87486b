import type { KafkaError } from '../error.js'
import type { Committed, KafkaGroupMember, MembershipListener, MembershipOptions } from '../group.js'
import type { Codecs } from '../protocol/codecs.js'
import { commitOffsets, heartbeat, type Identity, leaveGroup } from '../protocol/group-requests.js'
import { brokerError } from '../protocol/names.js'
import type { Fetched, ReadFrom, TopicPartition } from '../reading.js'
import type { Cluster } from './cluster.js'
import { CoordinatorLine, isElsewhere } from './coordinator.js'
import { Entry } from './entry.js'
import { type Limit, limitedBy } from './limit.js'
import { closed, obey, pause } from './obey.js'
import { PartitionReader } from './reader.js'

const ILLEGAL_GENERATION = 22
const REBALANCE = 27

export interface MemberOptions {
  readonly cluster: Cluster
  readonly codecs: Codecs
  readonly options: MembershipOptions
  readonly listener: MembershipListener
}

type Standing =
  /** Not ours, or not yet. */
  | { readonly at: 'out' }
  | { readonly at: 'in'; readonly reader: PartitionReader; readonly parts: readonly Committed[] }
  | { readonly at: 'over'; readonly error: KafkaError }

/** Why a membership ended. Except for `lost` the group may know us still. */
type End = 'given-up' | 'lost' | 'silent'

/** One member: it enters, heartbeats, gives up when others come or go, and enters again. */
export class Member implements KafkaGroupMember {
  /** Resolves when it is over. */
  readonly gone: Promise<void>
  readonly #options: MemberOptions
  readonly #coordinator: CoordinatorLine
  /** Brokers answer what comes by one connection in its order: a commit that waits for replicas must not hold up heartbeats. */
  readonly #committing: CoordinatorLine
  readonly #entry: Entry
  readonly #ending: AbortController = new AbortController()
  /** Until it is over. */
  readonly #limit: Limit
  #standing: Standing = { at: 'out' }
  #who: Identity
  #leaving: Promise<void> | undefined
  #changed: () => void = () => {}
  #over: () => void = () => {}

  constructor(options: MemberOptions) {
    const { cluster } = options
    const { group, instance } = options.options
    this.#options = options
    this.#coordinator = new CoordinatorLine(cluster, group)
    this.#committing = new CoordinatorLine(cluster, group)
    this.#entry = new Entry(options, this.#coordinator)
    this.#who = { group, instance, generation: -1, member: '' }
    this.#limit = limitedBy([this.#ending.signal, cluster.closing])
    this.gone = new Promise((resolve) => (this.#over = resolve))
  }

  /** Once. Resolves with the first assignment. */
  async enter(signal: AbortSignal): Promise<void> {
    void this.#live()
    try {
      while (this.#standing.at === 'out') await obey(this.#change(), signal)
    } catch (error) {
      await this.leave(AbortSignal.abort())
      throw error
    }
    if (this.#standing.at === 'over') throw this.#standing.error
  }

  async next(): Promise<readonly Fetched[]> {
    for (;;) {
      const standing = this.#standing
      if (standing.at === 'over') throw standing.error
      if (standing.at === 'out' || standing.parts.length === 0) {
        await this.#change(standing)
        continue
      }
      try {
        const fetched = await standing.reader.next()
        if (this.#standing === standing) return fetched
      } catch (error) {
        if (this.#standing === standing) throw error
      }
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    if (this.#standing.at === 'in') this.#standing.reader.pause(partitions)
  }

  resume(partitions: readonly TopicPartition[]): void {
    if (this.#standing.at === 'in') this.#standing.reader.resume(partitions)
  }

  seek(to: ReadFrom): void {
    if (this.#standing.at === 'in') this.#standing.reader.seek(to)
  }

  close(): void {
    this.#end(closed())
  }

  async commit(offsets: readonly Committed[], signal: AbortSignal): Promise<void> {
    if (offsets.length === 0) return
    if (this.#who.generation < 0) throw brokerError(ILLEGAL_GENERATION, 'commit')
    const { answerMs } = this.#options.cluster.options.times
    const codes = await this.#committing.ask(commitOffsets(this.#who, offsets), answerMs, signal)
    const code = codes.find((one) => one !== 0)
    if (code === undefined) return
    if (isElsewhere(code)) this.#committing.forget()
    throw brokerError(code, `commit offsets of group ${this.#who.group}`)
  }

  leave(signal: AbortSignal): Promise<void> {
    this.#leaving ??= this.#leave(signal)
    return this.#leaving
  }

  async #leave(signal: AbortSignal): Promise<void> {
    if (this.#standing.at === 'over') return
    if (!signal.aborted) await obey(this.#giveUp('given-up'), signal).catch(() => {})
    // No more heartbeats from here on, and no new entry.
    this.#ending.abort()
    const told = this.#tell().finally(() => this.#coordinator.forget())
    await obey(told, signal).catch(() => {})
    this.#end(closed())
  }

  /** That the others need not wait for the end of our session. Never rejects. */
  async #tell(): Promise<void> {
    const { cluster } = this.#options
    const { member, instance } = this.#who
    if (member === '' || instance !== undefined) return
    const asked = this.#coordinator.ask(leaveGroup(this.#who), cluster.options.times.answerMs, cluster.closing)
    await asked.catch(() => undefined)
  }

  /** Never rejects. */
  async #live(): Promise<void> {
    try {
      for (;;) {
        const entered = await this.#entry.enter(this.#who, this.#limit.signal)
        this.#who = entered.who
        this.#set({ at: 'in', parts: entered.parts, reader: this.#readerOf(entered.parts) })
        this.#options.listener.assigned(entered.parts)
        const end = await this.#beat()
        await this.#giveUp(end)
        this.#who = { ...this.#who, generation: -1, member: end === 'lost' ? '' : this.#who.member }
      }
    } catch (error) {
      if (this.#leaving === undefined) this.#end(this.#limit.signal.aborted ? closed() : (error as KafkaError))
    }
  }

  #readerOf(parts: readonly Committed[]): PartitionReader {
    const { cluster, codecs, options } = this.#options
    return new PartitionReader(cluster, codecs, parts, options)
  }

  /** Tells the coordinator that we are there, until it or its silence says that we are no member of this generation. */
  async #beat(): Promise<End> {
    const { cluster, options } = this.#options
    let heard = performance.now()
    for (;;) {
      await pause(options.heartbeatMs, this.#limit.signal)
      const code = await this.#coordinator
        .ask(heartbeat(this.#who), cluster.options.times.answerMs, this.#limit.signal)
        .catch((error: KafkaError) => (this.#limit.signal.aborted || error.fatal ? Promise.reject(error) : undefined))
      if (code === 0) heard = performance.now()
      else if (code === REBALANCE) return 'given-up'
      else if (code === undefined || isElsewhere(code)) this.#coordinator.forget()
      else if (code === ILLEGAL_GENERATION || code === 25) return 'lost'
      else throw brokerError(code, `keep us in group ${options.group}`)
      if (performance.now() - heard > options.sessionMs) return 'silent'
    }
  }

  /** Stops reading, and lets the listener commit what it has; not for longer than the others wait. */
  async #giveUp(how: End): Promise<void> {
    const standing = this.#standing
    if (standing.at !== 'in') return
    this.#set({ at: 'out' })
    standing.reader.close()
    const { listener, options } = this.#options
    const late = limitedBy([this.#limit.signal], options.rebalanceMs / 2)
    await obey(Promise.resolve(listener.revoked(standing.parts, how)), late.signal).catch(() => {})
    late.lift()
  }

  #end(error: KafkaError): void {
    const standing = this.#standing
    if (standing.at === 'over') return
    this.#set({ at: 'over', error })
    if (standing.at === 'in') {
      standing.reader.close()
      void this.#options.listener.revoked(standing.parts, 'lost')
    }
    this.#ending.abort()
    this.#limit.lift()
    // Who leaves has something to say on it.
    if (this.#leaving === undefined) this.#coordinator.forget()
    this.#committing.forget()
    this.#over()
  }

  #set(standing: Standing): void {
    this.#standing = standing
    this.#changed()
  }

  /** Resolves when the standing is another one. */
  #change(from: Standing = this.#standing): Promise<void> {
    if (this.#standing !== from) return Promise.resolve()
    return new Promise((resolve) => {
      const before = this.#changed
      this.#changed = () => {
        this.#changed = () => {}
        before()
        resolve()
      }
    })
  }
}
