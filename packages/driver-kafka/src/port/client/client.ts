import type { KafkaGroupMember, MembershipListener, MembershipOptions } from '../group.js'
import type { KafkaClient, KafkaConnect, KafkaPoint, KafkaTopic, NewKafkaTopic } from '../port.js'
import type { ProduceBatch, Produced } from '../producing.js'
import type { Codecs } from '../protocol/codecs.js'
import { brokerError } from '../protocol/names.js'
import { apiVersions, type TopicMetadata } from '../protocol/requests.js'
import { createTopic, deleteTopic, describeTopic } from '../protocol/topic-requests.js'
import type { Fetching, KafkaReader, ReadFrom } from '../reading.js'
import type { Wire } from '../wire.js'
import { Cluster } from './cluster.js'
import { Member } from './member.js'
import { NO_SUCH_TOPIC } from './new-topics.js'
import { pause } from './obey.js'
import { offsetsAt } from './offsets.js'
import { Producer } from './producer.js'
import { PartitionReader } from './reader.js'

const EXISTS = 36
const FORBIDDEN = 29

/** How soon a new topic is looked at again until its partitions have leaders: at first, then ever later. */
const SETTLE_MS = 20
const MAX_SETTLE_MS = 320

/** A client of a cluster over any library's connections. */
export async function connectBy(
  wire: Wire,
  codecs: Codecs,
  { options, signal }: { readonly options: KafkaConnect; readonly signal: AbortSignal },
): Promise<KafkaClient> {
  const cluster = new Cluster(wire, options)
  await cluster.connect(signal)
  return new Client(cluster, codecs)
}

class Client implements KafkaClient {
  readonly #cluster: Cluster
  readonly #codecs: Codecs
  readonly #producer: Producer
  readonly #members: Set<Member> = new Set()

  constructor(cluster: Cluster, codecs: Codecs) {
    this.#cluster = cluster
    this.#codecs = codecs
    this.#producer = new Producer(cluster)
  }

  get clusterId(): string {
    return this.#cluster.clusterId
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#cluster.ask(apiVersions(), signal)
  }

  async describe(topic: string, signal: AbortSignal): Promise<KafkaTopic | undefined> {
    const told = await this.#cluster.topic(topic, signal)
    if (told.code === NO_SUCH_TOPIC || told.code === FORBIDDEN) return undefined
    if (told.partitions.length === 0) throw brokerError(told.code, `describe ${topic}`)
    return pictureOf(told)
  }

  async create(topic: NewKafkaTopic, signal: AbortSignal): Promise<'created' | 'exists'> {
    const { changeMs } = this.#cluster.options.times
    const { code, said } = await this.#cluster.change(createTopic(topic, changeMs), signal)
    if (code !== 0 && code !== EXISTS) throw brokerError(code, `make topic ${topic.name}`, said)
    this.#cluster.newTopics.add(topic.name)
    // The brokers hear of it one after the other, and of each partition the leader last.
    for (
      let ms = SETTLE_MS;
      (await this.describe(topic.name, signal)) === undefined;
      ms = Math.min(MAX_SETTLE_MS, 2 * ms)
    )
      await pause(ms, signal)
    await this.offsets(topic.name, 'end', signal)
    return code === EXISTS ? 'exists' : 'created'
  }

  async remove(topic: string, signal: AbortSignal): Promise<void> {
    const { changeMs } = this.#cluster.options.times
    const { code, said } = await this.#cluster.change(deleteTopic(topic, changeMs), signal)
    this.#cluster.removed(topic)
    if (code !== 0 && code !== NO_SUCH_TOPIC) throw brokerError(code, `remove topic ${topic}`, said)
  }

  async settings(topic: string, signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    const ask = () => this.#cluster.ask(describeTopic(topic), signal)
    const { code, said, settings } = await this.#cluster.newTopics.heard(topic, ask, signal)
    if (code === FORBIDDEN) return undefined
    if (code !== 0) throw brokerError(code, `tell the settings of ${topic}`, said)
    return settings
  }

  async offsets(topic: string, at: KafkaPoint, signal: AbortSignal): Promise<ReadonlyMap<number, number>> {
    return await offsetsAt(this.#cluster, { topic, at, signal })
  }

  produce(batches: readonly ProduceBatch[], report: (index: number, produced: Produced) => void): void {
    this.#producer.produce(batches, report)
  }

  read(from: readonly ReadFrom[], how: Fetching): KafkaReader {
    return new PartitionReader(this.#cluster, this.#codecs, from, how)
  }

  async join(options: MembershipOptions, listener: MembershipListener, signal: AbortSignal): Promise<KafkaGroupMember> {
    const member = new Member({ cluster: this.#cluster, codecs: this.#codecs, options, listener })
    this.#members.add(member)
    void member.gone.then(() => this.#members.delete(member))
    await member.enter(signal)
    return member
  }

  async close(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.leave(signal)))
    this.#cluster.close()
  }
}

function pictureOf({ name, id, partitions }: TopicMetadata): KafkaTopic {
  const sorted = [...partitions].sort((a, b) => a.partition - b.partition)
  return {
    name,
    id,
    partitions: sorted.map(({ leader, ...rest }) => ({ ...rest, leader: leader < 0 ? undefined : leader })),
  }
}
