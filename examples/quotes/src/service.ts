import { type Client, createClient } from '@spanwire/core'
import { websocket } from '@spanwire/driver-websocket'
import { WebSocket } from 'ws'
import { endWithParent, given } from './life.js'
import { tellNews } from './news.js'
import { type OfferedAgain, offersOf } from './offers.js'
import { LOCATIONS, type QuotesPolicy, routesOf, type SiteName } from './routes.js'

/** A client of both sites for a service, which closes it and ends when its starter does. Runs beside Frankfurt. */
export function startService(name: string): Client {
  const driver = websocket({ WebSocket })
  const site = (at: SiteName) => ({
    location: LOCATIONS[at],
    driver,
    endpoints: [given(`${at.toUpperCase()}_URL`)],
    credentials: { by: 'token', token: given('SERVICE_TOKEN') } as const,
  })
  const client = createClient({
    here: LOCATIONS.frankfurt,
    sites: { frankfurt: site('frankfurt'), dublin: site('dublin') },
    routes: routesOf(given('QUOTES_POLICY') as QuotesPolicy),
  })
  endWithParent(() => client.close({ timeout: '2s' }))
  void tell(name, client)
  void tellNews(client)
  return client
}

/** What is offered again for one loss is so within a moment. */
const TOGETHER_MS = 200

/** One line for what operators want to know. */
async function tell(name: string, client: Client): Promise<void> {
  const offered: OfferedAgain[] = []
  const tellOffered = (): void => {
    for (const line of offersOf(offered.splice(0))) console.log(`${name}: ${line}`)
  }
  for await (const event of client.watch()) {
    switch (event.type) {
      case 'site':
        // Dials that fail again and again are no news.
        if ((event.from === 'up') !== (event.to === 'up'))
          console.log(`${name}: ${event.site} ${event.from} -> ${event.to}, ${event.reason}`)
        break
      case 'moved':
        console.log(`${name}: ${event.channel} moved from ${event.from} to ${event.to}, ${event.reason}`)
        break
      case 'offered-again':
        if (offered.push(event) === 1) setTimeout(tellOffered, TOGETHER_MS)
        break
      case 'handler-failed':
        console.log(`${name}: ${event.channel} ${event.id} failed, attempt ${event.attempt}: ${String(event.error)}`)
        break
      case 'warning':
        console.log(`${name}: ${event.message}`)
        break
      default:
        break
    }
  }
}
