import type { KafkaError } from '../error.js'
import { brokerError } from '../protocol/names.js'
import type { TopicMetadata } from '../protocol/requests.js'
import type { Fetched, ReadFrom, TopicPartition } from '../reading.js'

/** Where one partition is read, and from whom. */
export class Place {
  readonly topic: string
  readonly partition: number
  offset: number
  /** `undefined`: to be found. */
  leader: number | undefined
  #paused = false

  constructor({ topic, partition, offset }: ReadFrom) {
    this.topic = topic
    this.partition = partition
    this.offset = offset
  }

  get paused(): boolean {
    return this.#paused
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
  }

  seek(offset: number): void {
    this.offset = offset
  }

  /** What was fetched from `asked` on; nothing, if it is not what is wanted any more: then it comes again. */
  accept(asked: number, fetched: readonly Fetched[]): readonly Fetched[] {
    if (this.#paused || this.offset !== asked) return []
    this.offset = fetched.at(-1)?.next ?? asked
    return fetched.filter(({ records, missing, next }) => records.length > 0 || missing !== undefined || next > asked)
  }
}

/** All places of a reader. */
export class Places {
  readonly all: readonly Place[]
  readonly #byName: ReadonlyMap<string, Place>

  constructor(from: readonly ReadFrom[]) {
    this.all = from.map((one) => new Place(one))
    this.#byName = new Map(this.all.map((place) => [nameOf(place), place]))
  }

  get(one: TopicPartition): Place | undefined {
    return this.#byName.get(nameOf(one))
  }

  get topics(): ReadonlySet<string> {
    return new Set(this.all.map(({ topic }) => topic))
  }

  byLeader(): ReadonlyMap<number, readonly Place[]> {
    const leaders = new Map<number, Place[]>()
    for (const place of this.all) {
      if (place.leader === undefined) continue
      const places = leaders.get(place.leader)
      if (places === undefined) leaders.set(place.leader, [place])
      else places.push(place)
    }
    return leaders
  }

  leave(leader: number): void {
    for (const place of this.all) if (place.leader === leader) place.leader = undefined
  }

  /** Takes leaders from what was told. Gives why the topic cannot be read any more, if so. */
  settle(topic: string, { code, partitions }: TopicMetadata): KafkaError | undefined {
    if (code !== 0 && code !== 5) return brokerError(code, `read ${topic}`)
    for (const place of this.all) {
      if (place.topic !== topic || place.leader !== undefined) continue
      const leader = partitions.find(({ partition }) => partition === place.partition)?.leader
      if (leader === undefined) return brokerError(3, `read ${topic}, which has no partition ${place.partition}`)
      if (leader >= 0) place.leader = leader
    }
    return undefined
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
