/** Close codes. 3000 to 3499: come again. 3500 to 3999: do not, unless something changed. */
export const CLOSE = {
  shutdown: [3000, 'shutdown'],
  noUpstream: [3001, 'no engine yet'],
  slow: [3003, 'slow'],
  silent: [3004, 'silent'],
  tokenExpired: [3005, 'token expired'],
  noHello: [3006, 'no hello'],
  unauthenticated: [3500, 'unauthenticated'],
  breach: [3501, 'protocol'],
  version: [3502, 'version'],
} as const satisfies Record<string, readonly [code: number, reason: string]>

export type Close = (typeof CLOSE)[keyof typeof CLOSE]
