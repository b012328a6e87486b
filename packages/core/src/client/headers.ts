import { type Body, type Delivery, type Headers, MessagingError } from '@spanwire/driver'

/** The first value of a header; names are in lower case. */
export function header(of: Pick<Delivery, 'headers'>, name: string): string | undefined {
  return among(of.headers(), name)
}

/** As {@link header}, of headers that were asked for before. */
export function among(headers: Headers, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) if (headers[at] === name) return headers[at + 1]
  return undefined
}

/** Marks a tombstone: an empty body that means "this path has no value any more". */
export const REMOVED = 'sw-removed'

/** Why the driver could not unpack a delivery, in words: its body is as the engine has it. */
export const UNREADABLE = 'sw-unread'

/** The bytes for the contract to decode. Throws `decode` for those that the driver could not unpack: they are nobody's of ours. */
export function readable(delivery: Delivery): Body {
  const why = delivery.id === undefined && among(delivery.headers(), UNREADABLE)
  if (why) throw new MessagingError('decode', why)
  return delivery.body
}

/** Our own headers stay out of users' sight. */
const OWN = 'sw-'

/** As users see them: a map of what publishers set; of repeated ones the last. */
export function userHeaders(headers: Headers): Readonly<Record<string, string>> {
  const map: Record<string, string> = Object.create(null)
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]
    const value = headers[at + 1]
    if (name !== undefined && value !== undefined && !name.startsWith(OWN)) map[name] = value
  }
  return map
}

/** As drivers take them. Names in lower case; CR and LF in values are blanks. */
export function wireHeaders(headers: Readonly<Record<string, string>> = {}): Headers {
  return Object.entries(headers).flatMap(([name, value]) => [name.toLowerCase(), value.replace(/[\r\n]+/g, ' ')])
}
