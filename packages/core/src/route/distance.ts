import type { Location } from './picture.js'

/** Tiers: 0 same zone, 1 same region and environment, 2 same region, 3 same environment, 4 elsewhere. A region or zone that is not given is near to none. */
export type Distance = 0 | 1 | 2 | 3 | 4

/** How far two places are apart. */
export function distance(here: Location, there: Location): Distance {
  const environment = here.environment === there.environment
  const region = here.region !== undefined && here.region === there.region
  const zone = here.zone !== undefined && here.zone === there.zone
  if (!region) return environment ? 3 : 4
  if (!environment) return 2
  return zone ? 0 : 1
}

/** Whether `local()` may go there: the same environment and, if `here` names a region, the same region. */
export function isLocal(here: Location, there: Location): boolean {
  return here.environment === there.environment && (here.region === undefined || here.region === there.region)
}
