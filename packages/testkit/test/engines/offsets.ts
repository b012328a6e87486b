import { type Answer, int8, int32, int64, KafkaWire, list, text } from '../../src/engines/kafka-wire.js'

const TOPIC = '__consumer_offsets'

/** Stores an offset of a group: a record that all replicas have. Gives Kafka's code, 0 if it is stored. */
export async function commit(endpoint: string, group: string, offset: bigint): Promise<number | undefined> {
  const place = Buffer.concat([int32(0), int64(offset), text('')])
  const head = Buffer.concat([text(group), int32(-1), text(''), int64(-1n)])
  const answer = await ask(endpoint, 8, 2, head, list(Buffer.concat([text(TOPIC), list(place)])))
  return answer && inTopic(answer, (one) => one.int16())
}

/** What is stored; -1: nothing; `undefined`: no answer. */
export async function committed(endpoint: string, group: string): Promise<bigint | undefined> {
  const answer = await ask(endpoint, 9, 1, text(group), list(Buffer.concat([text(TOPIC), list(int32(0))])))
  return answer && inTopic(answer, (one) => one.int64())
}

/** The numbers of the brokers that this one knows. */
export async function brokers(endpoint: string): Promise<readonly number[]> {
  const answer = await ask(endpoint, 3, 4, list(), int8(0))
  answer?.int32()
  const known = answer?.list(() => {
    const id = answer.int32()
    answer.text()
    answer.int32()
    answer.text()
    return id
  })
  return [...(known ?? [])].sort((a, b) => a - b)
}

async function ask(endpoint: string, ...question: Parameters<KafkaWire['ask']>): Promise<Answer | undefined> {
  const wire = new KafkaWire(Number(endpoint.split(':')[1]))
  try {
    return await wire.ask(...question)
  } finally {
    wire.close()
  }
}

function inTopic<T>(answer: Answer, read: (answer: Answer) => T): T | undefined {
  return answer.list(() => {
    answer.text()
    return answer.list(() => {
      answer.int32()
      return read(answer)
    })[0]
  })[0]
}
