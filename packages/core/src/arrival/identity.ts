/** What an id says: who published (publisher and lane), the running number in that source, and when. */
export interface Identity {
  readonly source: string
  /** From 1. */
  readonly seq: number
  /** The publisher's stamp, Unix ms. */
  readonly timeMs: number
}

/** The text of an id: `<publisher>-<lane>.<seq>.<time>`, at most 67 characters. `source` is `<publisher>-<lane>`. */
export function formatId(source: string, seq: number, timeMs: number): string {
  return prefixOf(source) + seq + suffixOf(timeMs)
}

/** What all ids of a source begin with. */
export function prefixOf(source: string): string {
  return `${source}.`
}

/** What all ids of one time end with. */
export function suffixOf(timeMs: number): string {
  return `.${timeMs}`
}

/**
 * The same identity under an id that no engine has seen: engines that drop ids they know would swallow a copy that has
 * to stand last (R10). `n`: whole, of at most 16 digits.
 */
export function renamed(id: string, n: number): string {
  const [source = '', seq = '', timeMs = ''] = id.split('.')
  return `${source}.${seq}.${timeMs}.${n}`
}

/**
 * The reverse of {@link formatId} and {@link renamed}. `undefined` for whatever is not exactly of that form: the message is foreign then.
 * `last`: a source that was found before, and is likely to come again.
 */
export function parseId(id: string | undefined, last?: string): Identity | undefined {
  if (id === undefined) return undefined
  const known = last !== undefined && id.charCodeAt(last.length) === DOT && id.startsWith(last)
  const lane = known ? last.length : endOfSource(id)
  const dot = id.indexOf('.', lane + 1)
  if (lane < 0 || dot < 0) return undefined
  const seq = decimal(id, lane + 1, dot)
  const end = id.indexOf('.', dot + 1)
  const timeMs = decimal(id, dot + 1, end < 0 ? id.length : end)
  const isWhole = end < 0 || decimal(id, end + 1, id.length) >= 0
  return seq < 1 || timeMs < 0 || !isWhole ? undefined : { source: known ? last : id.slice(0, lane), seq, timeMs }
}

/** -1: it begins with none. */
function endOfSource(id: string): number {
  if (id.charCodeAt(PUBLISHER) !== DASH) return -1
  let fit = 0
  for (let at = 0; at < PUBLISHER; at++) fit += FITS[id.charCodeAt(at)] ?? 0
  const end = id.indexOf('.', PUBLISHER)
  return fit === PUBLISHER && end >= 0 && decimal(id, PUBLISHER + 1, end) >= 0 ? end : -1
}

/** A publisher's name: 12 random bytes as 16 characters of base64url. */
export function makePublisher(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let have = 0
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    for (have += 8; have >= 6; ) {
      have -= 6
      text += DIGITS.charAt((bits >> have) & 63)
    }
  }
  return text
}

const PUBLISHER = 16
const DASH = 45
const DOT = 46
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** By character code: 1 where it is a digit of base64url. A table, because every message asks sixteen times. */
const FITS: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => +DIGITS.includes(String.fromCharCode(code)))

/** -1 unless the text in between is a safe integer in its only form: an id and its bytes are the same thing. */
function decimal(text: string, from: number, to: number): number {
  let value = to > from && (text.charCodeAt(from) !== 48 || to === from + 1) ? 0 : -1
  for (let at = from; value >= 0 && at < to; at++) {
    const digit = text.charCodeAt(at) - 48
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : -1
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1
}
