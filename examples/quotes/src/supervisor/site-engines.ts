import { type EngineNode, startEngines } from '@spanwire/testkit/engines'
import type { EngineAction, EnginePicture } from '../picture.js'
import { SITES, type SiteName } from '../routes.js'

/** The engines of the sites, where they are processes of their own. */
export interface SiteEngines {
  /** Where a site's gateway finds its engine; empty: in itself. */
  endpoint(site: SiteName): string
  /** Absent when it is in its gateway. */
  picture(site: SiteName): EnginePicture | undefined
  /** Resolves when it is done, a restart when the engine answers. */
  act(site: SiteName, action: EngineAction): Promise<void>
  /** Ends every engine. */
  stop(): Promise<void>
}

/** Each gateway has its engine in its own memory. */
export const embedded: SiteEngines = {
  endpoint: () => '',
  picture: () => undefined,
  act: async () => undefined,
  stop: async () => undefined,
}

/** A NATS server a site, with a store that outlives it. The first time it is fetched, which takes a minute. */
export async function natsServers(): Promise<SiteEngines> {
  const engines = await startEngines({ engine: 'nats', sites: SITES.length })
  const nodes = new Map<SiteName, EngineNode>()
  for (const [at, name] of SITES.entries()) {
    const [node] = engines.sites[at]?.nodes ?? []
    if (node === undefined) throw new Error(`no engine for ${name}`)
    nodes.set(name, node)
    announce(name, node)
  }
  return {
    endpoint: (site) => nodes.get(site)?.endpoint ?? '',
    picture: (site) => pictureOf(nodes.get(site)),
    act: async (site, action) => {
      const node = nodes.get(site)
      if (node !== undefined) await actOn(site, node, action)
    },
    stop: () => engines.stop(),
  }
}

function pictureOf(node: EngineNode | undefined): EnginePicture | undefined {
  if (node === undefined) return undefined
  const { endpoint, pid, state } = node
  return { endpoint, pid, state: state === 'up' ? 'running' : state }
}

async function actOn(site: SiteName, node: EngineNode, action: EngineAction): Promise<void> {
  switch (action) {
    case 'kill':
      return node.kill()
    case 'hang':
      return node.state === 'up' ? node.hang() : undefined
    case 'heal':
      return node.heal()
    case 'restart':
      if (node.state === 'up') return
      await node.restart()
      return announce(site, node)
    default:
      action satisfies never
  }
}

function announce(site: SiteName, { endpoint, pid }: EngineNode): void {
  console.log(`engine ${site} pid ${pid} nats://${endpoint}`)
}
