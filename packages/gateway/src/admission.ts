import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GatewayOptions, Limits } from './options.js'

export const SUBPROTOCOL = 'spanwire.v1'

/** Who may become a connection at all, before anything of the protocol is read. */
export class Admission {
  readonly #options: GatewayOptions
  readonly #limits: Limits
  readonly #origins: ReadonlySet<string>
  readonly #byAddress = new Map<string, number>()
  #total = 0

  constructor(options: GatewayOptions, limits: Limits) {
    this.#options = options
    this.#limits = limits
    this.#origins = new Set(options.origins)
  }

  /** Connections that are counted now. */
  get total(): number {
    return this.#total
  }

  /** Why not, as an HTTP status; `undefined`: welcome. */
  refusal(request: IncomingMessage, draining: boolean): readonly [status: number, why: string] | undefined {
    const { path = '/', originless = 'allow' } = this.#options
    if ((request.url ?? '/').split('?', 1)[0] !== path) return [404, 'no such path']
    const offered = String(request.headers['sec-websocket-protocol'] ?? '')
      .split(',')
      .map((one) => one.trim())
    if (!offered.includes(SUBPROTOCOL)) return [400, `subprotocol ${SUBPROTOCOL} is spoken here`]
    const { origin } = request.headers
    if (origin === undefined ? originless === 'refuse' : !this.#origins.has(origin)) return [403, 'origin not allowed']
    if (draining || this.#total >= this.#limits.connections) return [503, 'full or closing']
    if ((this.#byAddress.get(this.#address(request)) ?? 0) >= this.#limits.connectionsPerAddress) {
      return [429, 'too many connections from this address']
    }
    return undefined
  }

  /** Counts it; the result uncounts it, once. */
  count(request: IncomingMessage): () => void {
    const address = this.#address(request)
    this.#total += 1
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1)
    let counted = true
    return () => {
      if (!counted) return
      counted = false
      this.#total -= 1
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
    }
  }

  #address(request: IncomingMessage): string {
    return this.#options.addressOf?.(request) ?? request.socket.remoteAddress ?? ''
  }
}

/** Answers an upgrade with a status and hangs up. */
export function refuse(socket: Duplex, [status, why]: readonly [number, string]): void {
  const retry = status === 503 || status === 429 ? 'Retry-After: 2\r\n' : ''
  socket.end(`HTTP/1.1 ${status} ${why}\r\nConnection: close\r\n${retry}Content-Length: 0\r\n\r\n`)
}
