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
  const url = urlOf(endpoint, scheme)
  if (url === undefined || !isBare(url) || !schemes.includes(url.protocol.slice(0, -1))) {
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

/** `scheme`: of an endpoint that has none. Absent: it leads to no host, or has blanks, which a URL would come without at its ends. */
export function urlOf(endpoint: Endpoint, scheme: string): URL | undefined {
  if (/\s/.test(endpoint)) return undefined
  try {
    const url = new URL(endpoint.includes('://') ? endpoint : `${scheme}://${endpoint}`)
    return HOST.test(url.hostname) && url.port !== '0' ? url : undefined
  } catch {
    return undefined
  }
}

/** A host and perhaps a port: what else a URL may have would go unheard. */
function isBare({ hash, pathname, search }: URL): boolean {
  return (pathname === '' || pathname === '/') && search + hash === ''
}
