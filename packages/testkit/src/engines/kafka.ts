import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findJava, type Java } from './java.js'
import { type KafkaNode, kafkaConfig } from './kafka-config.js'
import { BROKER_HEAP, javaCommand, linkProgram, withArchive } from './kafka-program.js'
import { kafkaReady } from './kafka-ready.js'
import { type KafkaSecurity, scramArguments, writeStores } from './kafka-security.js'
import { DATA, formatOnce, newId } from './kafka-storage.js'
import type { NodePlan, Site } from './plan.js'

/** Brokers, controllers, clients with security. */
const PORTS_EACH = 3

export interface KafkaSite extends Site {
  /** More lines for each node's `server.properties`. */
  readonly config: string
  readonly security: KafkaSecurity | undefined
  /** Flags of Java that say which archive of classes; default: the one that was made with the program. */
  readonly archive?: readonly string[]
}

/** The nodes of one site, each broker and controller; of more than one a cluster that keeps three copies of all. */
export async function planKafka(site: KafkaSite): Promise<readonly NodePlan[]> {
  const java = await findJava()
  const ports = await site.take(PORTS_EACH * site.nodes)
  const nodes = Array.from({ length: site.nodes }, (_, i): KafkaNode => {
    const [plain = 0, controller = 0, client = 0] = ports.slice(PORTS_EACH * i, PORTS_EACH * (i + 1))
    return { name: `${site.name}-${i + 1}`, id: i + 1, plain, controller, client }
  })
  const clusterId = newId()
  return nodes.map((node) => planNode({ site, java, node, nodes, clusterId }))
}

interface Planned {
  readonly site: KafkaSite
  readonly java: Java
  readonly node: KafkaNode
  readonly nodes: readonly KafkaNode[]
  readonly clusterId: string
}

function planNode(planned: Planned): NodePlan {
  const { site, java, node, nodes, clusterId } = planned
  const { program, security, archive = withArchive } = site
  const dir = join(site.dir, node.name)
  const flags = [...BROKER_HEAP, ...archive]
  const admin = `127.0.0.1:${node.plain}`
  return {
    name: node.name,
    dir,
    endpoint: security === undefined ? admin : `127.0.0.1:${node.client}`,
    ...(security === undefined ? {} : { admin }),
    data: [DATA],
    argv: javaCommand({ java, program, flags, main: 'kafka.Kafka', args: ['server.properties'] }),
    prepare: async () => {
      await linkProgram(program, dir)
      const config = kafkaConfig({ node, nodes, security, extra: site.config })
      await writeFile(join(dir, 'server.properties'), config, { mode: 0o600 })
      if (security !== undefined) await writeStores(security, dir)
      const extra = security === undefined ? [] : scramArguments(security)
      await formatOnce({ dir, java, program, clusterId, nodeId: node.id, extra })
    },
    ready: (company, signal) => kafkaReady({ node, nodes, clusterId }, company, signal),
  }
}
