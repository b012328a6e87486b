import { KafkaError } from '../error.js'
import type { ProduceBatch, Produced } from '../producing.js'
import { encodeBatch } from '../protocol/batch.js'
import { produce, type Stored } from '../protocol/log-requests.js'
import { brokerError, isMoved, isRefusal } from '../protocol/names.js'
import type { TopicMetadata } from '../protocol/requests.js'
import type { Cluster } from './cluster.js'
import type { Lanes } from './lanes.js'
import { type Line, silent } from './line.js'
import { isUnknown } from './new-topics.js'
import { closed } from './obey.js'
import { isLedByOthers, replaced, watchReplaced } from './replaced.js'

const NOT_LEADER = 6

type Report = (index: number, produced: Produced) => void

interface Placed {
  readonly index: number
  readonly batch: ProduceBatch
}

/** Writes batches to whoever leads their partitions, over one connection to each broker. */
export class Producer {
  readonly #cluster: Cluster
  readonly #lanes: Lanes

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#lanes = cluster.lanes()
  }

  produce(batches: readonly ProduceBatch[], report: Report): void {
    const unplaced = batches.filter(({ topic }) => this.#cluster.known(topic) === undefined)
    if (unplaced.length === 0) {
      this.#place(batches, report)
      return
    }
    const topics = [...new Set(unplaced.map(({ topic }) => topic))]
    const asked = topics.map((topic) => this.#cluster.topic(topic, this.#cluster.closing))
    Promise.all(asked).then(
      (told) => this.#place(batches, report, told),
      (error: unknown) => {
        for (const index of batches.keys()) report(index, { at: 'unsent', error: this.#ended(error) })
      },
    )
  }

  /** `told`: of topics that nothing was known of. */
  #place(batches: readonly ProduceBatch[], report: Report, told: readonly TopicMetadata[] = []): void {
    const leaders = new Map<number, Placed[]>()
    for (const [index, batch] of batches.entries()) {
      const refused = told.find(({ name, code }) => name === batch.topic && code !== 0)
      const leader =
        refused === undefined ? this.#leaderOf(batch) : brokerError(refused.code, `write to ${batch.topic}`)
      if (leader instanceof KafkaError) {
        this.#cluster.forget(batch.topic)
        report(index, { at: 'unsent', error: leader })
        continue
      }
      const placed = leaders.get(leader)
      if (placed === undefined) leaders.set(leader, [{ index, batch }])
      else placed.push({ index, batch })
    }
    for (const [leader, placed] of leaders) void this.#send(leader, placed, report)
  }

  #leaderOf({ topic, partition }: ProduceBatch): number | KafkaError {
    const known = this.#cluster.known(topic)
    const leader = known?.partitions.find((one) => one.partition === partition)?.leader
    if (known !== undefined && leader === undefined) return brokerError(3, `write to ${topic}, partition ${partition}`)
    if (leader === undefined || leader < 0) return brokerError(5, `write to ${topic}, partition ${partition}`)
    return leader
  }

  /** Never rejects. */
  async #send(leader: number, placed: readonly Placed[], report: Report): Promise<void> {
    let line: Line
    let encoded: ReturnType<typeof produce>
    try {
      encoded = this.#encode(placed)
      line = await this.#lanes.get(leader)
    } catch (error) {
      this.#forget(placed)
      reportAll(placed, report, { at: 'unsent', error: this.#ended(error) })
      return
    }
    const { produceMs } = this.#cluster.options.times
    const asked = line.ask(encoded, produceMs)
    // The fate is to be told in that time from here, however many are before it.
    const late = setTimeout(() => line.cut(silent(line.to, produceMs)), produceMs)
    const stopWatching = this.#watch(leader, line, placed)
    try {
      this.#tell(placed, await asked, report)
    } catch (error) {
      this.#forget(placed)
      reportAll(placed, report, { at: 'unknown', error: this.#ended(error) })
    } finally {
      clearTimeout(late)
      stopWatching()
    }
  }

  #encode(placed: readonly Placed[]): ReturnType<typeof produce> {
    const batches = placed.map(({ batch }) => ({
      topic: batch.topic,
      partition: batch.partition,
      bytes: encodeBatch(batch),
    }))
    return produce(batches, this.#cluster.options.times.produceMs)
  }

  #tell(placed: readonly Placed[], stored: readonly Stored[], report: Report): void {
    for (const { index, batch } of placed) {
      const { topic, partition } = batch
      const told = stored.find((one) => one.topic === topic && one.partition === partition)
      const code = told?.code ?? -1
      if (told !== undefined && code === 0) {
        report(index, { at: 'stored', baseOffset: told.baseOffset })
        continue
      }
      if (isMoved(code)) this.#cluster.forget(topic)
      // Of a new topic the leader may hear last.
      const why = isUnknown(code) && this.#cluster.newTopics.has(topic) ? NOT_LEADER : code
      const error = brokerError(why, `write to ${topic}, partition ${partition}`)
      report(index, { at: isRefusal(code) ? 'refused' : 'unknown', error })
    }
  }

  /** Gives what ends the watching. */
  #watch(leader: number, line: Line, placed: readonly Placed[]): () => void {
    const { lookAgainMs } = this.#cluster.options.times
    return watchReplaced({
      afterMs: lookAgainMs,
      everyMs: lookAgainMs,
      isReplaced: () =>
        isLedByOthers(
          this.#cluster,
          leader,
          placed.map(({ batch }) => batch),
        ),
      onReplaced: () => line.cut(replaced(leader, 'others lead its partitions')),
    })
  }

  #forget(placed: readonly Placed[]): void {
    for (const { batch } of placed) this.#cluster.forget(batch.topic)
  }

  #ended(error: unknown): KafkaError {
    if (this.#cluster.closing.aborted) return closed()
    return error instanceof KafkaError ? error : new KafkaError('NETWORK', String(error), { cause: error })
  }
}

function reportAll(placed: readonly Placed[], report: Report, produced: Produced): void {
  for (const { index } of placed) report(index, produced)
}
