import { type Admin, Kafka, logLevel } from 'kafkajs'

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

/** The topics that tests made. */
export async function topicsOf(admin: Admin): Promise<readonly string[]> {
  return (await admin.listTopics()).filter((topic) => !topic.startsWith('__'))
}
