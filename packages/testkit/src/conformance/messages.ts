import type { Body, Delivery, Outgoing } from '@spanwire/driver'

const utf8 = new TextEncoder()
const text = new TextDecoder()

export function bytesOf(body: Body): Uint8Array {
  return typeof body === 'string' ? utf8.encode(body) : body
}

export function textOf(delivery: Delivery): string {
  return typeof delivery.body === 'string' ? delivery.body : text.decode(delivery.body)
}

/** Messages `<prefix>0`, `<prefix>1`, ... spread in turn over the paths. */
export function numbered(count: number, { prefix = 'm', paths = ['a'] }: Numbering = {}): Outgoing[] {
  return Array.from({ length: count }, (_, at) => ({ path: paths[at % paths.length] ?? '', body: `${prefix}${at}` }))
}

/** As {@link numbered}, each on a path of its own: where keys are kept apart, none waits for another. */
export function strangers(count: number, prefix = 'm'): Outgoing[] {
  return Array.from({ length: count }, (_, at) => ({ path: `${prefix}${at}`, body: `${prefix}${at}` }))
}

export interface Numbering {
  readonly prefix?: string
  readonly paths?: readonly string[]
}

/** The texts `<prefix>from` to `<prefix>(to - 1)`. */
export function texts(from: number, to: number, prefix = 'm'): string[] {
  return Array.from({ length: to - from }, (_, at) => `${prefix}${from + at}`)
}

/** Text by path, in the order of arrival. */
export function byPath(deliveries: readonly Delivery[]): Map<string, string[]> {
  const paths = new Map<string, string[]>()
  for (const delivery of deliveries) {
    const list = paths.get(delivery.path) ?? []
    list.push(textOf(delivery))
    paths.set(delivery.path, list)
  }
  return paths
}

/** Those that appear more than once. */
export function doubles(all: readonly string[]): string[] {
  const seen = new Set<string>()
  return all.filter((one) => seen.has(one) || !seen.add(one))
}

/** As text, so that comparing and showing stays cheap: length, a sum over all bytes and their places, and the first ones. */
export function fingerprint(body: Body): string {
  const bytes = bytesOf(body)
  let sum = 0
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0
  return `${bytes.length} bytes, sum ${sum}, ${[...bytes.subarray(0, 16)].join(' ')}`
}

/** A body of so many bytes. */
export function filler(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(97)
}
