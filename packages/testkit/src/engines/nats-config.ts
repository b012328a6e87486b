export interface NatsNode {
  readonly name: string
  readonly client: number
  readonly monitor: number
  readonly route: number
}

export interface NatsConfig {
  /** Name of the site, and of its cluster. */
  readonly name: string
  readonly node: NatsNode
  readonly nodes: readonly NatsNode[]
  readonly jetstream: boolean
  readonly run: string
  /** Lines at the end, which win over the ones before. */
  readonly extra: string
}

/** The configuration file of one node. */
export function natsConfig({ name, node, nodes, jetstream, run, extra }: NatsConfig): string {
  const lines = [
    `server_name: "${node.name}"`,
    `server_tags: ["${runTag(run)}"]`,
    `listen: "127.0.0.1:${node.client}"`,
    `http: "127.0.0.1:${node.monitor}"`,
    'lame_duck_grace_period: "1s"',
    'lame_duck_duration: "30s"',
    ...(jetstream ? ['jetstream { store_dir: "js", max_memory_store: 64MB, max_file_store: 512MB }'] : []),
    ...(nodes.length > 1 ? [cluster(name, node, nodes, run)] : []),
    extra,
  ]
  return `${lines.join('\n')}\n`
}

export function runTag(run: string): string {
  return `run:${run}`
}

/** Routes with a password of this run: a server of another one that has a port of ours cannot join. */
function cluster(name: string, node: NatsNode, nodes: readonly NatsNode[], run: string): string {
  const routes = nodes.map(({ route }) => `"nats-route://route:${run}@127.0.0.1:${route}"`)
  return `cluster {
  name: "${name}"
  listen: "127.0.0.1:${node.route}"
  authorization { user: "route", password: "${run}" }
  routes: [${routes.join(', ')}]
}`
}
