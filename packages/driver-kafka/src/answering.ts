import { type Body, MessagingError, type SendOutcome } from '@spanwire/driver'
import { channelError, maybe } from '@spanwire/driver/kit'
import { Call } from './call.js'
import type { Opened } from './opened.js'
import { Outbox } from './outbox.js'
import type { KafkaHeader, Produced } from './port/producing.js'
import { bytesOf } from './record.js'

/** Of one batch of answers; below what any topic takes by default. */
const MAX_BATCH = 512 * 1024
/** What an answer costs on the wire beside its body. */
const AROUND = 256
/** Partitions of the inbox whose answers go together; requests that name others are answered one by one. */
const MAX_LANES = 1_000

/** Where an answer goes. */
export interface ReplyPlace {
  readonly topic: string
  readonly partition: number
}

const forgotten = new MessagingError('canceled', 'The answer was given up before it was written.')

/** Resolves when the answer is in the log. What one turn answers to one client goes out as one batch. */
export async function writeAnswer(
  opened: Opened,
  to: ReplyPlace,
  body: Body,
  headers: readonly KafkaHeader[],
): Promise<void> {
  const { wire, settings } = opened
  if (wire.over) throw maybe('The link to Kafka ended before the answer was written.', 'link', wire.over)
  const record = { key: undefined, value: bytesOf(body), headers }
  // A topic that a request names is not kept in mind: anybody may write requests.
  if (to.topic !== settings.inbox || to.partition >= MAX_LANES) return writeAlone(opened, to, record)
  const outcome = await new Promise<SendOutcome>((resolve) => {
    const call = new Call(1, (_, told) => resolve(told), { forgotten, doneWhen: 'stored' })
    const outbox = Outbox.of(wire, { topic: to.topic, log: '', maxBytes: MAX_BATCH })
    outbox.put(to.partition, { call, index: 0, record, bytes: record.value.length + AROUND })
  })
  if (outcome.outcome !== 'done') throw outcome.error
}

type Answer = { readonly key: undefined; readonly value: Uint8Array; readonly headers: readonly KafkaHeader[] }

async function writeAlone({ wire }: Opened, { topic, partition }: ReplyPlace, record: Answer): Promise<void> {
  const produced = await new Promise<Produced>((resolve) => {
    wire.client.produce([{ topic, partition, records: [record] }], (_, told) => resolve(told))
  })
  if (produced.at === 'stored') return
  const fault = wire.fault(`Answering to ${topic}`, produced.error, { scope: 'message' })
  if (produced.at === 'unknown') throw maybe('The answer was not confirmed.', 'message', fault)
  throw MessagingError.is(fault) ? fault : channelError('unavailable', 'The answer was not written.', { cause: fault })
}
