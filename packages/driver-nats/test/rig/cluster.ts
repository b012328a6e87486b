import type { EngineNode, EngineSite } from '@spanwire/testkit/engines'
import { eventually } from '../../../driver/test/eventually.js'
import { api, consumersAt, type Led, type StreamInfo, streamsAt } from './admin.js'

/** How long a cluster may take to have leaders everywhere; elections alone take 4 to 9 s. */
const HEALTHY_MS = 25_000

/** Resolves when every stream and every consumer has a leader, and followers that keep up. */
export async function healthy(site: EngineSite): Promise<void> {
  const [node] = site.nodes.filter(({ state }) => state === 'up')
  if (site.nodes.length === 1 || node === undefined) return
  await eventually('every stream and consumer has its leader', () => isHealthy(node), HEALTHY_MS)
}

async function isHealthy(node: EngineNode): Promise<boolean> {
  for (const stream of await streamsAt(node)) {
    if (!isLed(stream)) return false
    if (!(await consumersAt(node, stream.config.name)).every(isLed)) return false
  }
  return true
}

function isLed({ cluster }: Led): boolean {
  return Boolean(cluster?.leader) && (cluster?.replicas ?? []).every(({ current }) => current)
}

/** Moves the leader of the stream away from the node, and gives where it is then. */
export async function leadElsewhere(site: EngineSite, stream: string, than: EngineNode): Promise<EngineNode> {
  let leader: EngineNode | undefined
  const moved = async (): Promise<boolean> => {
    const { cluster } = await api<StreamInfo>(than, `STREAM.INFO.${stream}`)
    leader = site.nodes.find(({ name }) => name === cluster?.leader)
    if (leader !== undefined && leader !== than) return true
    if (leader === than) await api(than, `STREAM.LEADER.STEPDOWN.${stream}`)
    return false
  }
  await eventually(`${stream} is led elsewhere than on ${than.name}`, moved, HEALTHY_MS)
  if (leader === undefined) throw new Error(`${stream} has no leader`)
  return leader
}
