import { MessagingError } from '@spanwire/driver'

/** A duration: ms, or text such as `'500ms'`, `'5s'`, `'2m'`, `'1h'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`

/** The duration in whole ms, as engines count; what is not nothing is 1 at least. Throws `invalid`, naming `what`, for anything but a finite number of at least 0 with one of the four units. */
export function toMs(duration: Duration, what: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(duration)) ?? []
  const ms =
    typeof duration === 'number'
      ? duration
      : Number(digits) * (unit === undefined ? Number.NaN : UNITS[unit as keyof typeof UNITS])
  if (ms >= 0 && ms < Infinity) return ms > 0 ? Math.max(1, Math.round(ms)) : 0
  throw new MessagingError(
    'invalid',
    `${what}: ${duration} is no duration; write ms, or text such as 500ms, 5s, 2m, 1h.`,
  )
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
