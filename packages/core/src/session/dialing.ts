import type { Credentials, Driver, Endpoint } from '@spanwire/driver'
import type { Runtime } from '../runtime/runtime.js'
import type { Company } from './company.js'
import type { DialOptions } from './dial.js'
import type { Patience } from './patience.js'

export interface SessionOptions {
  readonly site: string
  readonly driver: Driver
  readonly endpoints: readonly Endpoint[]
  /** Asked by the driver before each dial. */
  credentials(signal: AbortSignal): Promise<Credentials>
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string }
  readonly missing: 'create' | 'refuse'
  readonly nonce: string
  /** A new name for each link. */
  clientId(): string
  readonly runtime: Runtime
  readonly patience: Patience
  /** The client's sites, this one among them; absent: it stands alone. */
  readonly company?: Company
}

/** What a session's dials have in common; each link gets a name of its own. */
export function dialOptions(session: SessionOptions, timeoutMs: number, own: DialOptions['own']): DialOptions {
  const { site, driver, runtime, nonce, missing, tls } = session
  return {
    site,
    driver,
    runtime,
    timeoutMs,
    connectOptions: () => ({
      client: session.clientId(),
      nonce,
      missing,
      ...(tls && { tls }),
      credentials: (signal) => session.credentials(signal),
    }),
    own,
  }
}

/** Shuffled, so that many clients spread over the endpoints; the one just left, or silent, comes last: it may accept all the same. */
export function inOrder(
  endpoints: readonly Endpoint[],
  last: Endpoint | undefined,
  runtime: Runtime,
): readonly Endpoint[] {
  const ranked = endpoints.map((endpoint) => ({ endpoint, rank: endpoint === last ? 1 : runtime.random() }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ endpoint }) => endpoint)
}
