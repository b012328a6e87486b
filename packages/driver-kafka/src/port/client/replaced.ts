import { KafkaError } from '../error.js'
import type { TopicPartition } from '../reading.js'
import type { Cluster } from './cluster.js'

/** Who is asked, and whether it is still the one to be asked. */
export interface Watched {
  /** So long an answer may take before anybody looks. */
  readonly afterMs: number
  readonly everyMs: number
  /** Asks the cluster. What it rejects with says nothing. */
  isReplaced(): Promise<boolean>
  /** Once: no answer will come from there. */
  onReplaced(): void
}

/** While an answer is late, looks again and again who would give it by now. Gives what ends that. */
export function watchReplaced({ afterMs, everyMs, isReplaced, onReplaced }: Watched): () => void {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const look = async (): Promise<void> => {
    const is = await isReplaced().catch(() => false)
    if (isOver) return
    if (is) onReplaced()
    else timer = setTimeout(() => void look(), everyMs)
  }
  timer = setTimeout(() => void look(), afterMs)
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}

/** Whether another broker leads one of these by now. */
export async function isLedByOthers(
  cluster: Cluster,
  leader: number,
  parts: readonly TopicPartition[],
): Promise<boolean> {
  for (const topic of new Set(parts.map((one) => one.topic))) {
    await cluster.topic(topic, cluster.closing).catch(() => undefined)
    const known = cluster.known(topic)?.partitions ?? []
    const ours = parts.filter((one) => one.topic === topic)
    const now = ours.map(({ partition }) => known.find((one) => one.partition === partition)?.leader ?? -1)
    if (now.some((one) => one >= 0 && one !== leader)) return true
  }
  return false
}

/** What is told to whoever waits for it. */
export function replaced(broker: number, byWhat: string): KafkaError {
  return new KafkaError('NETWORK', `Broker ${broker} gave no answer, and ${byWhat} by now.`, { retriable: true })
}
