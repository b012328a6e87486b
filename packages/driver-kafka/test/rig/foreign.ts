import type { Foreign } from '@spanwire/testkit'
import { plain } from './plain.js'

let readers = 0

/** A program on plain kafkajs that knows nothing of us but the topics and their keys. */
export function foreign(endpoints: readonly string[]): Foreign {
  return {
    async publish({ name }, path, body) {
      const producer = plain(endpoints).producer()
      await producer.connect()
      await producer.send({ topic: name, messages: [{ key: path, value: body }] })
      await producer.disconnect()
    },
    async read({ name }, count) {
      readers += 1
      const consumer = plain(endpoints).consumer({
        groupId: `foreign-${process.pid}-${readers}`,
        maxWaitTimeInMs: 100,
        heartbeatInterval: 500,
      })
      await consumer.connect()
      await consumer.subscribe({ topic: name })
      const bodies: string[] = []
      const all = new Promise<void>((resolve) => {
        const joined = consumer.run({
          autoCommit: false,
          eachMessage: async ({ message }) => {
            bodies.push(message.value?.toString() ?? '')
            if (bodies.length === count) resolve()
          },
        })
        joined.catch(() => undefined)
      })
      await new Promise<void>((resolve) => consumer.on(consumer.events.FETCH, () => resolve()))
      const gather = async (): Promise<readonly string[]> => {
        await all
        await consumer.disconnect()
        return bodies
      }
      return { bodies: gather() }
    },
  }
}
