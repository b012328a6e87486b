import type { Client, ClientEvent } from '@spanwire/core'
import { tellParent } from './life.js'
import type { News } from './picture.js'
import { SITES, type SiteName } from './routes.js'

type Moved = Extract<ClientEvent, { readonly type: 'moved' }>

/** Lanes that move for one reason do so within a moment. */
const TOGETHER_MS = 50

/** Tells start.js, for the page, how this service leaves a site and finds another one. */
export async function tellNews(client: Client): Promise<void> {
  const moves: Moved[] = []
  const suspected = new Map<string, number>()
  const tellMoves = (): void => {
    for (const news of summed(moves.splice(0))) tell(news)
  }
  for await (const event of client.watch()) {
    switch (event.type) {
      case 'site':
        if (event.to === 'suspect') suspected.set(event.site, event.at)
        else if (event.to === 'up') suspected.delete(event.site)
        break
      case 'failover': {
        const { at, detectedAt, firstSignAt, lanes, reason } = event
        const [site, suspectedAt] = [siteOf(event.site), suspected.get(event.site)]
        tell({ kind: 'failover', at, site, reason, firstSignAt, suspectedAt, detectedAt, lanes })
        break
      }
      case 'moved':
        if (moves.push(event) === 1) setTimeout(tellMoves, TOGETHER_MS)
        break
      default:
        break
    }
  }
}

/** One line for all lanes that went the same way. */
function summed(moves: readonly Moved[]): readonly News[] {
  const ways = new Map<string, Moved[]>()
  for (const move of moves) {
    const way = `${move.from} ${move.to} ${move.reason}`
    ways.set(way, [...(ways.get(way) ?? []), move])
  }
  return [...ways.values()].flatMap((together) => {
    const last = together.at(-1)
    if (last === undefined) return []
    const { at, from, reason, to } = last
    const ms = Math.max(...together.map((move) => move.ms))
    return [{ kind: 'move', at, from: siteOf(from), to: siteOf(to), reason, lanes: together.length, ms } as const]
  })
}

function tell(news: News): void {
  tellParent({ type: 'news', news })
}

function siteOf(name: string): SiteName {
  const site = SITES.find((one) => one === name)
  if (site === undefined) throw new Error(`no site ${name}`)
  return site
}
