import { type EngineNode, startEngines } from '@spanwire/testkit/engines'
import type { Action } from '../picture.js'
import { SITES, type SiteName } from '../routes.js'

/** The engines of the sites, where they are processes of their own. */
export interface SiteEngines {
  /** Where a site's gateway finds its engine; empty: in itself. */
  endpoint(site: SiteName): string
  /** Does to the engine what is done to its site. Resolves when it is done, a restart when the engine answers. */
  act(site: SiteName, action: Action): Promise<void>
  /** Ends every engine. */
  stop(): Promise<void>
}

/** Each gateway has its engine in its own memory. */
export const embedded: SiteEngines = {
  endpoint: () => '',
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
    act: async (site, action) => {
      const node = nodes.get(site)
      if (node !== undefined) await actOn(site, node, action)
    },
    stop: () => engines.stop(),
  }
}

async function actOn(site: SiteName, node: EngineNode, action: Action): Promise<void> {
  switch (action) {
    case 'kill':
      return node.kill()
    case 'hang':
      return node.state === 'up' ? node.hang() : undefined
    case 'resume':
      return node.state === 'hung' ? node.heal() : undefined
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
