import { Reader, Writer } from '../protocol/bytes.js'
import type { Joined, Share } from '../protocol/group-requests.js'
import { byTopic } from '../protocol/log-requests.js'
import type { TopicPartition } from '../reading.js'

/** Names under which other clients know ways to divide that any member can lead; the first is that of kafkajs, the last that of Java. */
export const WAYS: readonly string[] = ['RoundRobinAssigner', 'roundrobin', 'range']

const VERSION = 0

/** What a member says that it wants. */
export function subscriptionTo(topics: readonly string[]): Buffer {
  const bytes = new Writer().int16(VERSION)
  return bytes
    .list(topics, (topic) => bytes.text(topic))
    .int32(-1)
    .done()
}

export function topicsOf(members: Joined['members']): readonly string[] {
  return [...new Set(members.flatMap(({ subscription }) => subscribed(subscription)))]
}

/** Every partition to one of the members that want its topic, in turn: none has two more than another of the same wishes. */
export function divide(members: Joined['members'], partitions: readonly TopicPartition[]): readonly Share[] {
  const wishes = members
    .map(({ member, subscription }) => ({ member, topics: subscribed(subscription), ours: [] as TopicPartition[] }))
    .sort((a, b) => (a.member < b.member ? -1 : 1))
  for (const partition of partitions) {
    const able = wishes.filter(({ topics }) => topics.includes(partition.topic))
    const [first, ...others] = able
    if (first === undefined) continue
    others.reduce((least, one) => (one.ours.length < least.ours.length ? one : least), first).ours.push(partition)
  }
  return wishes.map(({ member, ours }) => ({ member, assignment: assignmentOf(ours) }))
}

/** What is ours, of what the leader wrote. */
export function assignedBy(assignment: Buffer): readonly TopicPartition[] {
  if (assignment.length === 0) return []
  const reader = new Reader(assignment)
  reader.int16()
  const topics = reader.list((one) => {
    const topic = one.text()
    return one.list((of) => ({ topic, partition: of.int32() }))
  })
  return topics.flat()
}

function subscribed(subscription: Buffer): readonly string[] {
  const reader = new Reader(subscription)
  reader.int16()
  return reader.list((one) => one.text())
}

function assignmentOf(ours: readonly TopicPartition[]): Buffer {
  const bytes = new Writer().int16(VERSION)
  bytes.list([...byTopic(ours)], ([topic, parts]) =>
    bytes.text(topic).list(parts, ({ partition }) => bytes.int32(partition)),
  )
  return bytes.int32(-1).done()
}
