import type { Endpoint } from '@spanwire/driver'
import { linkError } from './errors.js'

/** Where an endpoint leads. */
export interface Place {
  /** An IPv6 address without brackets. */
  readonly host: string
  readonly port: number
}

/** How endpoints of one kind of engine are written. */
export interface EndpointForm {
  /** As sentences call it. */
  readonly engine: string
  /** The first one is what `host:port` stands for. */
  readonly schemes: readonly [string, ...string[]]
  /** Where the endpoint has none. */
  readonly port: number
}

/** Throws `invalid`, link scope, for what leads nowhere and for credentials, which are not used there. What is refused is not told: it may hold a secret. */
export function placeOf(endpoint: Endpoint, { engine, schemes, port: usual }: EndpointForm): Place {
  const [scheme] = schemes
  const url = urlOf(endpoint.includes('://') ? endpoint : `${scheme}://${endpoint}`)
  if (url === undefined || !isPlace(url) || !schemes.includes(url.protocol.slice(0, -1))) {
    throw linkError('invalid', `The endpoint is none of ${engine}; write host:port or ${scheme}://host:port.`)
  }
  if (url.username !== '' || url.password !== '') {
    const text = `The endpoint of ${engine} has credentials in it, which are not used there`
    throw linkError('invalid', `${text}; write them as credentials of the site.`)
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || usual }
}

/** `host:port`, an IPv6 address in brackets. */
export function addressOf({ host, port }: Place): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

const HOST = /^([\w.-]+|\[[\da-f:.]+\])$/i

/** A host and perhaps a port: what else a URL may have would go unheard. */
function isPlace({ hash, hostname, pathname, port, search }: URL): boolean {
  return HOST.test(hostname) && port !== '0' && (pathname === '' || pathname === '/') && search + hash === ''
}

/** Blanks are refused: a URL would come without those at its ends. */
function urlOf(text: string): URL | undefined {
  if (/\s/.test(text)) return undefined
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
