import { type BareClient, type ClientOptions, createBareClient, type Location, type SiteOptions } from '@spanwire/core'
import { type WebSocketOptions, websocket } from '@spanwire/driver-websocket'
import { followPage, type Page } from './page.js'

/** One gateway site, as a page sees it. */
export interface BrowserSite {
  /** `wss://...` of its gateway, or of several that are as good as each other. */
  readonly url: string | readonly string[]
  readonly location: Location
  /** Sent in the first frame, never in the URL. A function is asked before each dial. Default: none. */
  readonly token?: string | ((signal: AbortSignal) => string | Promise<string>)
  /** Default `active`. */
  readonly mode?: NonNullable<SiteOptions['mode']>
}

export interface BrowserClientOptions<Site extends string = string>
  extends Omit<ClientOptions<Site>, 'sites' | 'here' | 'health'>,
    WebSocketOptions {
  readonly sites: { readonly [Name in Site]: BrowserSite }
  /** Where the user is. Default `{ environment: 'edge' }`, which is near no site. */
  readonly here?: Location
  /** How soon a silent gateway is suspected and given up. Default 5 s, 7.5 s, 12 s: as its pings say. */
  readonly health?: NonNullable<ClientOptions['health']>
  /** Updates a second and key that tables get while the page is hidden. Default 1; `Infinity`: as when it is visible. */
  readonly hiddenRate?: number
  /** Default: this page's; in a worker there is none, and the client does not follow any. */
  readonly page?: Page
}

/**
 * A client for a web page, over the gateways of its sites. Verbs are functions of it, `subscribe(client, quotes)`, so that the
 * page loads those it uses; `withVerbs` makes them methods. Leaves as planned when the page goes into the back/forward cache, comes
 * back with it, dials at once when the network is back, and asks for less while the page is hidden. `close()` removes its
 * listeners. Touches no global when imported.
 */
export function createBrowserClient<const Site extends string>(options: BrowserClientOptions<Site>): BareClient<Site> {
  const { sites, here = { environment: 'edge' }, hiddenRate = 1, page = thisPage(), WebSocket, ...rest } = options
  const driver = websocket(WebSocket ? { WebSocket } : {})
  // Object.entries forgets the names' type.
  const entries = Object.entries<BrowserSite>(sites).map(([name, site]) => [name, toSite(site, driver)] as const)
  const client = createBareClient<Site>({
    health: LISTENING,
    ...rest,
    here,
    sites: Object.fromEntries(entries) as Record<Site, SiteOptions>,
  })
  const leave = page ? followPage(client, page, hiddenRate) : () => {}
  const close: BareClient['close'] = (how) => {
    leave()
    return client.close(how)
  }
  return { ...client, close, [Symbol.asyncDispose]: () => close() }
}

/** Gateways ping every 5 s by default; a page that only listens costs no battery for asking. */
const LISTENING = { beat: '5s', suspect: '7500ms', down: '12s' } as const

function toSite({ url, location, token, mode = 'active' }: BrowserSite, driver: SiteOptions['driver']): SiteOptions {
  const endpoints = typeof url === 'string' ? [url] : url
  if (token === undefined) return { location, driver, endpoints, mode }
  const credentials = async (signal: AbortSignal) =>
    ({ by: 'token', token: typeof token === 'string' ? token : await token(signal) }) as const
  return { location, driver, endpoints, mode, credentials }
}

function thisPage(): Page | undefined {
  const { document, window } = globalThis
  return document && window && { document, window }
}
