import type { Rig } from '@spanwire/testkit'
import { type EngineSite, installEngine, startEngines } from '@spanwire/testkit/engines'
import { silentEndpoint } from '@spanwire/testkit/network'
import { stop } from '../../../driver/test/stop.js'
import { type KafkaPort, kafka, partitionOf } from '../../src/index.js'
import { foreign } from './foreign.js'
import { asAdmin, removeTopics } from './plain.js'

/** Few enough that a thousand topics fit into a small broker, more than one so that nothing rests on a single one. */
const PARTITIONS = 2

/** Real brokers of one site. */
export async function kafkaRig({ nodes, port }: { readonly nodes: number; readonly port?: KafkaPort }): Promise<Rig> {
  await installEngine('kafka')
  const engines = await startEngines({ engine: 'kafka', nodes })
  const [site] = engines.sites
  if (site === undefined) throw new Error('one site was started')
  const { endpoints } = site
  return {
    driver: kafka({ partitions: PARTITIONS, sessionMs: 3_000, ...(port && { port }) }),
    endpoints,
    patienceMs: 15_000,
    leaseMs: 1_000,
    divides: 'partitions',
    ...faults(site),
    silentEndpoint,
    makesChannels: true,
    deleteChannel: ({ name }) => asAdmin(endpoints, (admin) => admin.deleteTopics({ topics: [name] })),
    expire: async ({ name }) => {
      const partition = partitionOf(Buffer.from('a'), PARTITIONS)
      await asAdmin(endpoints, async (admin) => {
        // Who leads the partition is not known to it before.
        await admin.fetchTopicOffsets(name)
        await admin.deleteTopicRecords({ topic: name, partitions: [{ partition, offset: '10' }] })
      })
      return 0
    },
    foreign: foreign(endpoints),
    resources: () => resources(endpoints),
    tidy: () => asAdmin(endpoints, removeTopics),
    dispose: () => engines.stop(),
  }
}

function faults({ nodes }: EngineSite) {
  const all = async (act: (node: EngineSite['nodes'][number]) => Promise<void>): Promise<void> => {
    await Promise.all(nodes.map(act))
  }
  return {
    kill: () => all((node) => node.kill()),
    terminate: () => all((node) => node.terminate()),
    restart: (how: { readonly data: 'keep' | 'wipe' }) => all((node) => node.restart(how)),
    hang: () => all(stop),
    heal: () => all(async (node) => node.heal()),
  }
}

/** Sockets of this process, and members that groups know. */
async function resources(endpoints: readonly string[]): Promise<Record<string, number>> {
  const connections = process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length
  const members = await asAdmin(endpoints, async (admin) => {
    const { groups } = await admin.listGroups()
    const described = await admin.describeGroups(groups.map(({ groupId }) => groupId))
    return described.groups.reduce((sum, group) => sum + group.members.length, 0)
  })
  return { connections, members }
}
