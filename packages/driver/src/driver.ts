import type { Link } from './link.js'

/** `host:port` or a URL. Only the driver reads it. */
export type Endpoint = string

/** Adapter to one kind of engine. A value without state: whatever lives belongs to the links that it makes. */
export interface Driver {
  /** The version of this seam. A client refuses a driver of another one. */
  readonly spec: 1
  /** `nats`, `kafka`, `kubemq`, `websocket`, `memory`, ... shown in status and errors. */
  readonly name: string
  /**
   * `one`: a link is one connection to one endpoint, and the client races endpoints.
   * `all`: the engine's own client keeps connections to all endpoints; only `close()` or a fatal error ends the link.
   */
  readonly dials: 'one' | 'all'
  /**
   * Resolves after handshake, authentication and one protocol round trip: a TCP connect proves nothing.
   * Aborted or failed, it leaves no socket, timer or pending promise behind, here or at the engine.
   * Rejects with `unauthenticated` (wrong, expired, unobtainable credentials), `unavailable` (refused, reset,
   * unreachable; TLS faults are `unavailable` with `retryable: false` and name what did not fit) or `canceled`.
   */
  connect(endpoints: readonly Endpoint[], options: ConnectOptions, signal: AbortSignal): Promise<Link>
  /**
   * Throws `invalid` for an endpoint that leads nowhere, and dials nothing: who reads a configuration asks before the site is used.
   * Absent: this driver cannot tell.
   */
  assertEndpoint?(endpoint: Endpoint): void
}

export interface ConnectOptions {
  /** Unique per link, `[A-Za-z0-9_-]{1,64}`. */
  readonly client: string
  /** 96 random bits of the client instance in base64url (16 characters): what a hop that binds publishers to their authenticated subject binds it with. */
  readonly nonce: string
  /** What `open()` does with a channel that does not exist. */
  readonly missing: 'create' | 'refuse'
  /** PEM texts, not file names. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string }
  /**
   * Asked before each dial and, where the wire can refresh, before `expiresAtMs`; other drivers announce
   * `draining` then. If it fails, connecting fails with `unauthenticated`: never an attempt without.
   */
  credentials(signal: AbortSignal): Promise<Credentials>
}

/** `expiresAtMs`: Unix ms. */
export type Credentials = { readonly expiresAtMs?: number } & (
  | { readonly by: 'none' }
  | { readonly by: 'token'; readonly token: string }
  | { readonly by: 'password'; readonly user: string; readonly password: string }
  | { readonly by: 'key'; readonly jwt: string; readonly seed: string }
)
