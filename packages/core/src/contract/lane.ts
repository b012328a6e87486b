import { murmur2 } from './murmur2.js'

/**
 * The lane of a message: the unit of identity, order, routing and moves (R1). Its path for a template; the bucket of its key,
 * a number from 0 to 239 as text, for a contract without parameters; both for both, because who filters by path must see
 * every number of a lane; `''`, one lane, for neither.
 */
export function laneOf(path: string, key: string | undefined): string {
  if (key === undefined) return path
  const bucket = (murmur2(key) & 0x7fffffff) % 240
  return path ? `${path}:${bucket}` : `${bucket}`
}
