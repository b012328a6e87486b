import { askUntil } from './ask.js'
import type { KafkaNode } from './kafka-config.js'
import { type Answer, int8, int32, int64, KafkaWire, list, text } from './kafka-wire.js'
import type { Company } from './plan.js'

export interface KafkaTarget {
  readonly node: KafkaNode
  readonly nodes: readonly KafkaNode[]
  readonly clusterId: string
}

const METADATA = 3
const OFFSET_COMMIT = 8
const OFFSET_FETCH = 9
const FIND_COORDINATOR = 10
const API_VERSIONS = 18
const DELETE_GROUPS = 42

/** Where the offsets of groups are kept: the one topic that there is always. */
const OFFSETS = '__consumer_offsets'

/**
 * Resolves when the node is ours, knows its brokers, and has stored a record on all replicas and read it: the offset of a group,
 * which is removed again. An open port says nothing: brokers listen before they serve.
 */
export async function kafkaReady(target: KafkaTarget, company: Company, signal: AbortSignal): Promise<void> {
  if (company === 'few') return await askUntil(() => withWire(target.node.plain, answers), signal)
  await askUntil(() => withWire(target.node.plain, (wire) => knowsBrokers(wire, target, company)), signal)
  await askUntil(() => storesAndReads(target), signal)
}

async function withWire(port: number, ask: (wire: KafkaWire) => Promise<boolean>): Promise<boolean> {
  const wire = new KafkaWire(port)
  try {
    return await ask(wire)
  } catch (error) {
    // Bytes of somebody else, who has got the port, end where a value was expected.
    if (error instanceof RangeError) return false
    throw error
  } finally {
    wire.close()
  }
}

async function answers(wire: KafkaWire): Promise<boolean> {
  return (await wire.ask(API_VERSIONS, 0))?.int16() === 0
}

async function knowsBrokers(wire: KafkaWire, target: KafkaTarget, company: Company): Promise<boolean> {
  const answer = await wire.ask(METADATA, 4, list(), int8(0))
  if (answer === undefined) return false
  const { clusterId, brokers } = clusterOf(answer)
  if (clusterId !== target.clusterId || !brokers.has(target.node.id)) return false
  return company === 'all' ? brokers.size === target.nodes.length : brokers.size > target.nodes.length / 2
}

interface Picture {
  readonly clusterId: string
  /** Port by number. */
  readonly brokers: ReadonlyMap<number, number>
}

function clusterOf(answer: Answer): Picture {
  answer.int32()
  const brokers = answer.list((): [number, number] => {
    const id = answer.int32()
    answer.text()
    const port = answer.int32()
    answer.text()
    return [id, port]
  })
  return { clusterId: answer.text(), brokers: new Map(brokers) }
}

async function storesAndReads({ node }: KafkaTarget): Promise<boolean> {
  const group = `engines-${node.name}`
  const coordinator = await coordinatorOf(node.plain, group)
  return coordinator !== undefined && (await withWire(coordinator, (wire) => commits(wire, group)))
}

/** Its port. Asked for the first time, the brokers make the topic of the offsets. */
async function coordinatorOf(port: number, group: string): Promise<number | undefined> {
  let found: number | undefined
  await withWire(port, async (wire) => {
    const answer = await wire.ask(FIND_COORDINATOR, 0, text(group))
    if (answer?.int16() !== 0) return false
    answer.int32()
    answer.text()
    found = answer.int32()
    return true
  })
  return found
}

async function commits(wire: KafkaWire, group: string): Promise<boolean> {
  const offset = 7n
  // By nobody: no generation, no member, kept as long as the brokers do.
  const place = Buffer.concat([int32(0), int64(offset), text('')])
  const head = Buffer.concat([text(group), int32(-1), text(''), int64(-1n)])
  const stored = await wire.ask(OFFSET_COMMIT, 2, head, list(Buffer.concat([text(OFFSETS), list(place)])))
  if (stored === undefined || codeOfCommit(stored) !== 0) return false
  const read = await wire.ask(OFFSET_FETCH, 1, text(group), list(Buffer.concat([text(OFFSETS), list(int32(0))])))
  if (read === undefined || offsetOf(read) !== offset) return false
  await wire.ask(DELETE_GROUPS, 0, list(text(group)))
  return true
}

function codeOfCommit(answer: Answer): number | undefined {
  return answer.list(() => {
    answer.text()
    return answer.list(() => {
      answer.int32()
      return answer.int16()
    })[0]
  })[0]
}

function offsetOf(answer: Answer): bigint | undefined {
  return answer.list(() => {
    answer.text()
    return answer.list(() => {
      answer.int32()
      return answer.int64()
    })[0]
  })[0]
}
