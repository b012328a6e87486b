import { type EngineNode, type Engines, startEngines } from '@spanwire/testkit/engines'
import type { EngineAction, EngineKind, EnginePicture } from '../picture.js'
import { SITES, type SiteName } from '../routes.js'
import type { Options } from './options.js'

/** The engines of the sites, where they are processes of their own. */
export interface SiteEngines {
  /** Where a site's gateway finds its engine; `embedded`: in itself. */
  place(site: SiteName): { readonly kind: EngineKind; readonly endpoint: string }
  /** Absent when it is in its gateway. */
  picture(site: SiteName): EnginePicture | undefined
  /** Resolves when it is done, a restart when the engine answers. */
  act(site: SiteName, action: EngineAction): Promise<void>
  /** Ends every engine. */
  stop(): Promise<void>
}

/** Engines as the options say, each with a store that outlives it where it has one. What is missing is fetched first, which takes a minute. */
export async function startSiteEngines(kinds: Options['engines']): Promise<SiteEngines> {
  const started = new Map<SiteName, Started>()
  const stop = async (): Promise<void> => {
    await Promise.all([...started.values()].map(({ engines }) => engines.stop()))
  }
  try {
    for (const site of SITES) {
      const kind = kinds[site]
      if (kind === 'embedded') continue
      const engines = await startEngines({ engine: kind })
      const [only] = engines.sites
      const [node] = only?.nodes ?? []
      if (node === undefined) throw new Error(`${kind} started no node for ${site}`)
      started.set(site, { kind, isDouble: only?.double === true, engines, node })
      announce(site, kind, node)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    place: (site) => ({ kind: kinds[site], endpoint: started.get(site)?.node.endpoint ?? '' }),
    picture: (site) => pictureOf(started.get(site)),
    act: async (site, action) => {
      const one = started.get(site)
      if (one !== undefined) await actOn(site, one, action)
    },
    stop,
  }
}

interface Started {
  readonly kind: EngineKind
  readonly isDouble: boolean
  readonly engines: Engines
  readonly node: EngineNode
}

function pictureOf(started: Started | undefined): EnginePicture | undefined {
  if (started === undefined) return undefined
  const { isDouble, kind, node } = started
  const { endpoint, pid, state } = node
  return { kind, isDouble, endpoint, pid, state: state === 'up' ? 'running' : state }
}

async function actOn(site: SiteName, { kind, node }: Started, action: EngineAction): Promise<void> {
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
      return announce(site, kind, node)
    default:
      action satisfies never
  }
}

function announce(site: SiteName, kind: EngineKind, { endpoint, pid }: EngineNode): void {
  console.log(`engine ${site} pid ${pid} ${kind}://${endpoint}`)
}
