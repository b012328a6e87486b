import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type {
  Committed,
  Fetched,
  KafkaClient,
  KafkaReader,
  KafkaRecord,
  NewRecord,
  Produced,
  ReadFrom,
} from '../../src/index.js'

/** A topic that nobody has. */
export function aTopic(): string {
  return `t-${randomBytes(6).toString('hex')}`
}

/** The signal that a test's calls obey, so that a hang says where. */
export function soon(ms = 15_000): AbortSignal {
  return AbortSignal.timeout(ms)
}

export async function makeTopic(client: KafkaClient, partitions = 1): Promise<string> {
  const name = aTopic()
  expect(await client.create({ name, partitions }, soon())).toBe('created')
  return name
}

export function record(value: string | undefined, key?: string, more: Partial<NewRecord> = {}): NewRecord {
  return {
    key: key === undefined ? undefined : Buffer.from(key),
    value: value === undefined ? undefined : Buffer.from(value),
    ...more,
  }
}

/** Writes to one partition. */
export async function write(
  client: KafkaClient,
  to: { readonly topic: string; readonly partition?: number },
  records: readonly NewRecord[],
): Promise<Produced> {
  const { topic, partition = 0 } = to
  return await new Promise((resolve) =>
    client.produce([{ topic, partition, records }], (_, produced) => resolve(produced)),
  )
}

/** Writes numbered values and expects them to be stored. */
export async function fill(client: KafkaClient, topic: string, count: number, partition = 0): Promise<void> {
  const records = Array.from({ length: count }, (_, i) => record(`${partition}:${i}`))
  const produced = await write(client, { topic, partition }, records)
  expect(produced, 'error' in produced ? produced.error.message : '').toMatchObject({ at: 'stored' })
}

export function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString()
}

/** Pulls until there are so many records, or for so long that none comes. */
export async function take(reader: KafkaReader, count: number): Promise<readonly KafkaRecord[]> {
  return (await takeAll(reader, count)).flatMap(({ records }) => records)
}

export async function takeAll(reader: KafkaReader, count: number): Promise<readonly Fetched[]> {
  const all: Fetched[] = []
  let have = 0
  while (have < count) {
    const fetched = await reader.next()
    all.push(...fetched)
    have += fetched.reduce((sum, { records, missing }) => sum + records.length + (missing === undefined ? 0 : 1), 0)
  }
  return all
}

export function from(topic: string, partitions = 1, offset = 0): readonly ReadFrom[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset }))
}

/** What a member hears. */
export class Hearing {
  assignedParts: readonly Committed[] = []
  readonly said: string[] = []
  onRevoked: () => Promise<void> = async () => {}
  #changed: () => void = () => {}

  assigned(parts: readonly Committed[]): void {
    this.assignedParts = parts
    this.said.push(
      `assigned ${parts
        .map(({ partition }) => partition)
        .sort((a, b) => a - b)
        .join()}`,
    )
    this.#changed()
  }

  async revoked(_: unknown, how: string): Promise<void> {
    this.said.push(`revoked ${how}`)
    this.#changed()
    await this.onRevoked()
  }

  /** Resolves when it was assigned so many. */
  async has(count: number): Promise<void> {
    while (this.assignedParts.length !== count) await new Promise<void>((resolve) => (this.#changed = resolve))
  }
}
