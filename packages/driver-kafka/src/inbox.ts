import { randomInt } from 'node:crypto'
import type { MessagingError } from '@spanwire/driver'
import { channelError, type Member } from '@spanwire/driver/kit'
import type { Settings } from './options.js'
import { KafkaError } from './port/error.js'
import type { KafkaReader, KafkaRecord } from './port/reading.js'
import { REPLY, textOf } from './record.js'
import { createTopic, find } from './topics.js'
import type { Wire } from './wire.js'

/** All clients share the topic; each listens to one partition. */
const PARTITIONS = 12
const MAX_FETCH = 1 << 20

/** Who waits for one answer. */
export interface Asker {
  answer(record: KafkaRecord): void
  fail(error: MessagingError): void
}

/** Where answers for this link come: one partition of a topic that all clients have together, read from its end. */
export class Inbox implements Member {
  readonly #reader: KafkaReader
  readonly #wire: Wire
  readonly #address: string
  readonly #client: string
  readonly #askers = new Map<string, Asker>()
  #next = 0
  #deaf: MessagingError | undefined

  private constructor(wire: Wire, reader: KafkaReader, place: { readonly topic: string; readonly partition: number }) {
    this.#wire = wire
    this.#reader = reader
    this.#client = randomInt(2 ** 47).toString(36)
    this.#address = `${place.topic}/${place.partition}`
    wire.members.add(this)
    void this.#pump(place.topic)
  }

  /** Makes the topic where it is missing. */
  static async open(wire: Wire, settings: Settings, mayCreate: boolean, signal: AbortSignal): Promise<Inbox> {
    const { inbox: topic, liveMaxAgeMs } = settings
    let there = await find(wire, topic, signal)
    if (there === undefined && mayCreate) {
      const as = { 'cleanup.policy': 'delete', 'retention.ms': String(liveMaxAgeMs) }
      await createTopic(wire, { name: topic, partitions: PARTITIONS }, { settings, as }, signal)
      there = await find(wire, topic, signal)
    }
    if (there === undefined) {
      throw channelError('not-found', `Topic ${topic}, in which answers come back, does not exist at Kafka; create it.`)
    }
    const partition = randomInt(there.partitions.length)
    const call = { what: `Looking for the end of ${topic}` }
    const ends = await wire.ask(call, signal, (client) => client.offsets(topic, 'end', signal))
    if (wire.over) throw wire.over
    const from = [{ topic, partition, offset: ends.get(partition) ?? 0 }]
    return new Inbox(wire, wire.client.read(from, { maxBytes: MAX_FETCH }), { topic, partition })
  }

  /** Why no answer can come any more. */
  get deaf(): MessagingError | undefined {
    return this.#deaf
  }

  /** A number that nobody has; and what a request says that is to be answered there. */
  address(): { readonly number: string; readonly replyTo: string } {
    this.#next += 1
    const number = `${this.#client}.${this.#next}`
    return { number, replyTo: `${this.#address}/${number}` }
  }

  await(number: string, asker: Asker): void {
    this.#askers.set(number, asker)
  }

  forget(number: string): void {
    this.#askers.delete(number)
  }

  end(_: MessagingError, lost: MessagingError): void {
    this.#deaf = lost
    this.#reader.close()
    const all = [...this.#askers.values()]
    this.#askers.clear()
    for (const asker of all) asker.fail(lost)
  }

  async #pump(topic: string): Promise<void> {
    try {
      while (!this.#deaf) {
        for (const { records } of await this.#reader.next()) for (const record of records) this.#hear(record)
      }
    } catch (error) {
      if (this.#deaf || (error instanceof KafkaError && error.code === 'CLOSED')) return
      const fault = this.#wire.fault(`Reading answers from ${topic}`, error, { scope: 'channel' })
      // What the port gives is always translated.
      this.end(fault as MessagingError, fault as MessagingError)
      this.#wire.members.delete(this)
    }
  }

  #hear(record: KafkaRecord): void {
    const number = textOf(record, REPLY)
    if (number === undefined) return
    const asker = this.#askers.get(number)
    this.#askers.delete(number)
    asker?.answer(record)
  }
}

/** Where a request wants its answer. */
export function replyPlace(
  text: string,
): { readonly topic: string; readonly partition: number; readonly number: string } | undefined {
  const [, topic, partition, number] = /^([\w.-]{1,249})\/(\d{1,6})\/([\w.]{1,64})$/.exec(text) ?? []
  return topic === undefined || number === undefined ? undefined : { topic, partition: Number(partition), number }
}
