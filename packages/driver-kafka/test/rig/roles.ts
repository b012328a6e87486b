import type { EngineNode, EngineSite } from '@spanwire/testkit/engines'
import { asAdmin } from './plain.js'
import { ask, controllerAt, electPreferred, leaderAt } from './raw.js'

/** Brokers of tests keep the offsets of all groups in one partition, whose leader is the coordinator of all. */
const OFFSETS = '__consumer_offsets'
const AGAIN_MS = 100

/** Who does what in a cluster of three: each of them one thing. */
export interface Roles {
  readonly leader: EngineNode
  readonly coordinator: EngineNode
  readonly controller: EngineNode
}

/** Makes one coordinator of groups that does not head the cluster. What is made by {@link makeTopic} the third can lead. */
export async function dealRoles(site: EngineSite): Promise<Roles> {
  const endpoint = site.endpoints[0] ?? ''
  const head = await until(() => controllerAt(endpoint))
  const [keeper, third] = [1, 2, 3].filter((id) => id !== head)
  if (keeper === undefined || third === undefined) throw new Error('three brokers were started')
  const partitionAssignment = [{ partition: 0, replicas: [keeper, third, head] }]
  await asAdmin(site.endpoints, (admin) =>
    admin.alterPartitionReassignments({ topics: [{ topic: OFFSETS, partitionAssignment }] }),
  )
  await until(async () => {
    await ask(endpoint, electPreferred(OFFSETS), 2_000)
    return (await leaderAt(endpoint, OFFSETS)) === keeper || undefined
  })
  return { leader: nodeOf(site, third), coordinator: nodeOf(site, keeper), controller: nodeOf(site, head) }
}

/** A topic of one partition, three copies, led by that broker. */
export async function makeTopic(site: EngineSite, name: string, leader: EngineNode): Promise<void> {
  const first = site.nodes.indexOf(leader) + 1
  const others = site.nodes.map((_, at) => at + 1).filter((id) => id !== first)
  const assigned = { topic: name, replicaAssignment: [{ partition: 0, replicas: [first, ...others] }] }
  await asAdmin(site.endpoints, (admin) => admin.createTopics({ waitForLeaders: false, topics: [assigned] }))
  for (const endpoint of site.endpoints)
    await until(async () => (await leaderAt(endpoint, name)) === first || undefined)
}

function nodeOf({ nodes }: EngineSite, id: number): EngineNode {
  const node = nodes[id - 1]
  if (node === undefined) throw new Error(`broker ${id} is none of ours`)
  return node
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}
