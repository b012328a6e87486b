/** How a connection is closed. */
export type Close = readonly [code: number, reason: string]

type Reason =
  | 'shutdown'
  | 'noUpstream'
  | 'slow'
  | 'silent'
  | 'tokenExpired'
  | 'noHello'
  | 'unauthenticated'
  | 'breach'
  | 'version'

/** Close codes. 3000 to 3499: come again. 3500 to 3999: do not, unless something changed. */
export const CLOSE: Readonly<Record<Reason, Close>> = {
  shutdown: [3000, 'shutdown'],
  noUpstream: [3001, 'no engine yet'],
  slow: [3003, 'slow'],
  silent: [3004, 'silent'],
  tokenExpired: [3005, 'token expired'],
  noHello: [3006, 'no hello'],
  unauthenticated: [3500, 'unauthenticated'],
  breach: [3501, 'protocol'],
  version: [3502, 'version'],
}

/** Too many say hello at once: come back after so many ms. */
export function busy(retryAfterMs: number): Close {
  return [3002, `busy ${retryAfterMs}`]
}
