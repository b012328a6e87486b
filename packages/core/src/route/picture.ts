/** Where something runs. The words are free but `environment`; equal words mean near. */
export interface Location {
  readonly environment: 'on-prem' | 'cloud' | 'edge'
  readonly region?: string
  readonly zone?: string
}

/** One site as routing sees it. */
export interface SiteView<Site extends string = string> {
  readonly name: Site
  readonly location: Location
  readonly mode: 'active' | 'standby' | 'drain'
  /** `proving`: it came back and has yet to last, so that work does not follow each of its ups and downs. `unknown`: not dialed yet, or the first dial is under way. `disabled`: its credentials or certificates are refused; never used, also not in panic. */
  readonly health: 'up' | 'proving' | 'suspect' | 'down' | 'draining' | 'disabled' | 'unknown'
  /** Smoothed round trip, absent until measured. */
  readonly rttMs: number | undefined
  /** Operations on their way there. */
  readonly inflight: number
}

/** All that routing may look at, frozen. A new one is made when something changes. */
export interface Picture<Site extends string = string> {
  readonly generation: number
  readonly here: Location
  readonly sites: readonly SiteView<Site>[]
}
