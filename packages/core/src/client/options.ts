import type { Credentials, Driver, Endpoint } from '@spanwire/driver'
import type { Location } from '../route/picture.js'
import type { Policy } from '../route/policy.js'
import type { Duration } from '../runtime/duration.js'
import type { Runtime } from '../runtime/runtime.js'
import type { HealthOptions } from '../session/patience.js'

export interface ClientOptions<Site extends string = string> {
  /** Where this process runs. */
  readonly here: Location
  readonly sites: { readonly [Name in Site]: SiteOptions }
  /** First match wins; without a match: `nearest()`. */
  readonly routes?: readonly RouteOptions<NoInfer<Site>>[]
  /**
   * What may wait here while no site can take it. Default 10,000 messages, 16 MiB, 30 s; a text counts a byte a character. Beyond: `unavailable`, with a reason per site.
   * `overflow` says who gets it when there is no room. `error`: who comes, at once. `wait`: who comes waits for room, in turn and within the own timeout;
   * as many may wait so, and the next one gets it. `drop-oldest`: the oldest that was never handed to an engine. Default `error`.
   */
  readonly outbox?: {
    readonly messages?: number
    readonly bytes?: number
    readonly wait?: Duration
    readonly overflow?: 'error' | 'wait' | 'drop-oldest'
  }
  /** How long, and how much of, what a site acknowledged is kept to be offered elsewhere should that site be lost. Default 30 s (live topics 3 s), 64 MiB, counted in the same way. */
  readonly retain?: { readonly time?: Duration; readonly bytes?: number }
  /** How soon a silent site is suspected and given up. Default 1 s, 1.5 s, 2.5 s. */
  readonly health?: HealthOptions
  /**
   * What happens when a preferred site is back. `auto`: it has to last 30 s (twice as long after each further outage, up to
   * 300 s) and to answer three probes, then lanes return to it bit by bit; `manual`: they do when `failback()` is called;
   * `never`: they stay until they have to go. Default `auto`.
   */
  readonly failback?: 'auto' | 'manual' | 'never'
  /**
   * How ready the site is that comes next. `cold`: its channels are opened when the site before it is suspect, and topics go there when that
   * one is given up. `warm`: its channels are kept open, and topics go there as soon as the site is suspect and answers no second connection
   * within 100 ms (five round trips, if that is more). Jobs wait for the verdict in either case. Default `cold`.
   */
  readonly standby?: 'cold' | 'warm'
  /** What opening a channel that does not exist does. Default `create`. */
  readonly missing?: 'create' | 'refuse'
  /** Default: the system's clock, timers and randomness. */
  readonly runtime?: Runtime
}

export interface SiteOptions {
  readonly location: Location
  readonly driver: Driver
  readonly endpoints: readonly Endpoint[]
  /** A value, or a provider that is asked before each dial. Default: none. */
  readonly credentials?: Credentials | ((signal: AbortSignal) => Promise<Credentials>)
  /** PEM texts. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string }
  /** `standby`: only when no active site is left. `drain`: takes no new work. Default `active`. */
  readonly mode?: 'active' | 'standby' | 'drain'
  /** What differs here from the client's: a site far away, or an engine that pauses by nature. */
  readonly health?: HealthOptions
}

export interface RouteOptions<Site extends string = string> {
  /** Channel names with NATS wildcards: `*` one token, `>` the rest. */
  readonly match: string
  readonly policy: Policy<Site>
}
