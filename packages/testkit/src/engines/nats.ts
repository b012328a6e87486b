import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type NatsNode, natsConfig } from './nats-config.js'
import { natsReady, reloaded } from './nats-ready.js'
import type { NodePlan, Site } from './plan.js'

/** Client, monitoring, route. */
const PORTS_EACH = 3

export interface NatsSite extends Site {
  readonly jetstream: boolean
  /** More lines for each node's configuration. */
  readonly config: string
  /** What tells our servers from those of others: no other value of it joins or answers. */
  readonly run: string
}

/** The nodes of one site; of more than one a cluster with JetStream on each. */
export async function planNats(site: NatsSite): Promise<readonly NodePlan[]> {
  const ports = await site.take(PORTS_EACH * site.nodes)
  const nodes = Array.from({ length: site.nodes }, (_, i): NatsNode => {
    const [client = 0, monitor = 0, route = 0] = ports.slice(PORTS_EACH * i, PORTS_EACH * (i + 1))
    return { name: `${site.name}-${i + 1}`, client, monitor, route }
  })
  return nodes.map((node) => planNode(site, node, nodes))
}

function planNode(site: NatsSite, node: NatsNode, all: readonly NatsNode[]): NodePlan {
  const dir = join(site.dir, node.name)
  const file = join(dir, 'nats.conf')
  let extra = site.config
  const write = (): Promise<void> => writeFile(file, natsConfig({ ...site, node, nodes: all, extra }), { mode: 0o600 })
  const target = { ...site, node, nodes: all }
  return {
    name: node.name,
    dir,
    endpoint: `127.0.0.1:${node.client}`,
    monitor: `127.0.0.1:${node.monitor}`,
    data: ['js'],
    argv: [site.program, '--config', file],
    prepare: write,
    ready: (company, signal) => natsReady(target, company, signal),
    reload: async (config, poke, signal) => {
      const before = extra
      extra = config ?? extra
      try {
        await reloaded({ target, write, poke, log: join(dir, 'out.log') }, signal)
      } catch (error) {
        // What it refuses now it would refuse at its next start.
        extra = before
        await write()
        throw error
      }
    },
    lameDuckSignal: 'SIGUSR2',
  }
}
