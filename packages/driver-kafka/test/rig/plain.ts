import { type Admin, Kafka, logLevel } from 'kafkajs'
import { onTestFinished } from 'vitest'

const GONE = 'UNKNOWN_TOPIC_OR_PARTITION'

/** What kafkajs throws after its last try: the cause is what a broker said to that. */
interface GaveUp {
  readonly cause?: { readonly type?: string }
}

/** A program on plain kafkajs, as anybody has one. */
export function plain(endpoints: readonly string[]): Kafka {
  return new Kafka({
    clientId: 'plain',
    brokers: [...endpoints],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    retry: { retries: 3, initialRetryTime: 50 },
  })
}

/** With an admin of its own. */
export async function asAdmin<T>(endpoints: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = plain(endpoints).admin({ retry: { retries: 3, initialRetryTime: 50 } })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Removes all that tests made. */
export async function removeTopics(admin: Admin): Promise<void> {
  const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'))
  if (topics.length === 0) return
  await admin.deleteTopics({ topics }).catch((error: GaveUp) => {
    // A broker that is behind lists for a while what the cluster has removed.
    if (error.cause?.type !== GONE) throw error
  })
}

/** A member of the group in which our workers share a queue. Resolves when it has joined, with what lets it leave. */
export async function plainMember(
  endpoints: readonly string[],
  queue: string,
  take: (text: string) => void,
): Promise<() => Promise<void>> {
  const consumer = plain(endpoints).consumer({
    groupId: `${queue}.workers`,
    sessionTimeout: 3_000,
    rebalanceTimeout: 3_000,
    heartbeatInterval: 250,
    maxWaitTimeInMs: 100,
  })
  await consumer.connect()
  onTestFinished(() => consumer.disconnect())
  await consumer.subscribe({ topic: queue })
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()))
  await consumer.run({ eachMessage: async ({ message }) => take(message.value?.toString() ?? '') })
  await joined
  return () => consumer.disconnect()
}
