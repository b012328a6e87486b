import type { KafkaPoint } from '../port.js'
import { BEGINNING, END, listOffsets } from '../protocol/log-requests.js'
import { brokerError, isMoved } from '../protocol/names.js'
import type { Cluster } from './cluster.js'
import { isLoss } from './cluster.js'
import { pause } from './obey.js'

export interface OffsetsQuestion {
  readonly topic: string
  readonly at: KafkaPoint
  readonly signal: AbortSignal
  /** Default: all. */
  readonly partitions?: readonly number[]
}

/** Asks the leaders, until all of them have answered: one that is away is asked again, or whoever follows it. */
export async function offsetsAt(cluster: Cluster, question: OffsetsQuestion): Promise<ReadonlyMap<number, number>> {
  const { topic, at, signal } = question
  const found = await ask(cluster, question, at === 'end' ? END : at === 'beginning' ? BEGINNING : at.timeMs)
  const young = [...found].filter(([, offset]) => offset < 0).map(([partition]) => partition)
  if (young.length === 0) return found
  const ends = await ask(cluster, { topic, at, signal, partitions: young }, END)
  return new Map([...found, ...ends])
}

async function ask(
  cluster: Cluster,
  { topic, signal, partitions }: OffsetsQuestion,
  at: number,
): Promise<ReadonlyMap<number, number>> {
  const found = new Map<number, number>()
  for (;;) {
    const told = await cluster.topic(topic, signal)
    if (told.code !== 0 && told.code !== 5) throw brokerError(told.code, `tell offsets of ${topic}`)
    const wanted = told.partitions.filter(({ partition }) => partitions?.includes(partition) ?? true)
    const open = wanted.filter(({ partition }) => !found.has(partition))
    const leaders = new Set(open.map(({ leader }) => leader).filter((leader) => leader >= 0))
    const tries = [...leaders].map(async (leader) => {
      const ours = open.filter((one) => one.leader === leader).map(({ partition }) => partition)
      await askLeader(cluster, { topic, leader, ours, at, signal, found })
    })
    await Promise.all(tries)
    if (wanted.length > 0 && wanted.every(({ partition }) => found.has(partition))) return found
    await pause(cluster.options.times.lookAgainMs / 5, signal)
  }
}

interface LeaderQuestion {
  readonly topic: string
  readonly leader: number
  readonly ours: readonly number[]
  readonly at: number
  readonly signal: AbortSignal
  readonly found: Map<number, number>
}

async function askLeader(cluster: Cluster, question: LeaderQuestion): Promise<void> {
  const { topic, leader, ours, at, signal, found } = question
  const request = listOffsets(topic, ours, at)
  try {
    for (const { partition, code, offset } of await cluster.askBroker(leader, request, signal)) {
      if (code === 0) found.set(partition, offset)
      else if (!isMoved(code)) throw brokerError(code, `tell offsets of ${topic}`)
    }
  } catch (error) {
    if (!isLoss(error)) throw error
  }
}
