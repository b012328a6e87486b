import type { ChannelSpec } from '@spanwire/driver'
import type { Rig } from '@spanwire/testkit'
import type { EngineNode, EngineSite } from '@spanwire/testkit/engines'
import { api, consumersAt, streamsAt } from './admin.js'
import { healthy, leadElsewhere } from './cluster.js'
import { eventually } from './eventually.js'
import { streamOf } from './names.js'
import { stop } from './stop.js'

/** How long readers may take to be made anew where they are wanted. */
const MOVED_MS = 20_000

/** What can befall one stream of a cluster while our node and other streams live. */
export function clusterFaults(site: EngineSite, ours: EngineNode): Required<Pick<Rig, 'stall' | 'leaderLoss'>> {
  const others = site.nodes.filter((node) => node !== ours)

  /** The stream's leader, which leads no other: until the rest elects another, nothing of the stream moves, and all else does. */
  async function alone(stream: string): Promise<EngineNode> {
    const leader = await leadElsewhere(site, stream, ours)
    for (const { config } of await streamsAt(ours))
      if (config.name !== stream) await leadElsewhere(site, config.name, leader)
    return leader
  }

  /** All other nodes, once no reader of the stream is on ours: a lost reader is made anew somewhere. None is made without a quorum. */
  async function readersElsewhere(stream: string): Promise<readonly EngineNode[]> {
    const away = async (): Promise<boolean> => {
      const readers = await consumersAt(ours, stream)
      const here = readers.filter(({ cluster }) => cluster?.leader === ours.name)
      for (const { name } of here) await api(ours, `CONSUMER.DELETE.${stream}.${name}`)
      return readers.length > 0 && here.length === 0
    }
    await eventually(`the readers of ${stream} are elsewhere than on ${ours.name}`, away, MOVED_MS)
    return others
  }

  return {
    async stall(spec: ChannelSpec) {
      const stream = streamOf(spec)
      const isRead = (await consumersAt(ours, stream)).length > 0
      const sick = isRead ? await readersElsewhere(stream) : [await alone(stream)]
      await Promise.all(sick.map(stop))
      return async () => {
        for (const node of sick) node.heal()
        await healthy(site)
      }
    },
    /** The leader and one more die: who is left cannot elect. */
    async leaderLoss(spec: ChannelSpec) {
      await leadElsewhere(site, streamOf(spec), ours)
      await Promise.all(others.map((node) => node.kill()))
      return async () => {
        await Promise.all(others.map((node) => node.restart()))
        await healthy(site)
      }
    },
  }
}
