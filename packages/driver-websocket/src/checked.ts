import type { Driver, Endpoint } from '@spanwire/driver'
import { assertOptions, linkError, made, type OptionForms, urlOf } from '@spanwire/driver/kit'
import { type WebSocketOptions, websocket } from './driver.js'

const FORMS: OptionForms<keyof WebSocketOptions> = { WebSocket: made }

/**
 * As {@link websocket}, for a site of a configuration: throws `invalid` for options that are unknown or wrong, and tells endpoints
 * that lead nowhere. Pages write both in code and need not load it.
 */
export function checkedWebsocket(options: WebSocketOptions): Driver {
  assertOptions(options, FORMS)
  return { ...websocket(options), assertEndpoint }
}

/** What is refused is not told: it may hold a secret. */
function assertEndpoint(endpoint: Endpoint): void {
  const url = urlOf(endpoint, 'ws')
  if (url === undefined || !/^wss?:$/.test(url.protocol) || url.hash) {
    throw linkError('invalid', 'The endpoint is none of a gateway; write host:port, ws://host:port or wss://host.')
  }
}
