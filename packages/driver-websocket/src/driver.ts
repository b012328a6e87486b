import { type ConnectOptions, type Driver, type Endpoint, type Link, MessagingError } from '@spanwire/driver'
import { greet } from './greet.js'

/** What is used of its events: data of `message`, code and reason of `close`, the rest of `error`, where the platform tells. */
export interface SocketEvent {
  readonly type?: string
  readonly data?: unknown
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly error?: unknown
}

/** What is used of a WebSocket. The browser's own, Node's own (22 and later) and `ws` all fit. */
export interface SocketLike {
  binaryType: string
  readonly bufferedAmount: number
  addEventListener(type: 'open' | 'message' | 'error' | 'close', listener: (event: SocketEvent) => void): void
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  /** Only `ws` has it: ends without waiting for the other side. */
  terminate?(): void
}

export type SocketConstructor = new (url: string, protocols: string, tls?: object) => SocketLike

export interface WebSocketOptions {
  /** Default: `globalThis.WebSocket`. Node 20 has none: pass the one of `ws`, which is also the one that knows `tls`. */
  readonly WebSocket?: SocketConstructor
}

/**
 * The driver for a Spanwire gateway, protocol `spanwire.v1`. Endpoints are URLs (`wss://...`) or `host:port`, then `ws`,
 * or `wss` when `tls` is given. A link is one socket to the first endpoint. Credentials: `none` or `token`.
 */
export function websocket(options: WebSocketOptions = {}): Driver {
  return { spec: 1, name: 'websocket', dials: 'one', connect: (to, how, signal) => connect(options, to, how, signal) }
}

async function connect(
  { WebSocket = (globalThis as { WebSocket?: SocketConstructor }).WebSocket }: WebSocketOptions,
  [endpoint = '']: readonly Endpoint[],
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Link> {
  if (!WebSocket) {
    throw new MessagingError(
      'capability',
      "No WebSocket here; on Node 20 pass websocket({ WebSocket }) the one of 'ws'.",
      {
        scope: 'link',
      },
    )
  }
  const url = endpoint.includes('://') ? endpoint : `${options.tls ? 'wss' : 'ws'}://${endpoint}`
  return greet(WebSocket, url, options, signal)
}
