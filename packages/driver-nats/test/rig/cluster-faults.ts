import type { ChannelSpec } from '@spanwire/driver'
import type { Rig } from '@spanwire/testkit'
import type { EngineNode, EngineSite } from '@spanwire/testkit/engines'
import { stop } from '../../../driver/test/stop.js'
import { consumersAt, streamsAt } from './admin.js'
import { healthy, leadElsewhere } from './cluster.js'
import { streamOf } from './names.js'

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

  return {
    async stall(spec: ChannelSpec) {
      const stream = streamOf(spec)
      const readers = await consumersAt(ours, stream)
      if (readers.some(({ cluster }) => cluster?.leader === ours.name)) return undefined
      // No consumer is made anew without a quorum.
      const sick = readers.length > 0 ? others : [await alone(stream)]
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
