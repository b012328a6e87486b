import type { Codec, StandardSchema } from '@spanwire/core'

/** What a verify-producer says, as JSON. */
export interface Payload {
  readonly id: string
  readonly key: string
  /** From 1, per publisher and key. */
  readonly n: number
  /** The publisher, from 0. */
  readonly p: number
  readonly pad: string
}

/** A payload as it arrived. */
export interface Arrived extends Payload {
  /** Of its JSON, as UTF-8. */
  readonly bytes: number
}

/** Another run on the same log must not look like this one. */
export function freshPrefix(): string {
  return `${Date.now().toString(36)}x${process.pid.toString(36)}`
}

/** Whose turn message `index` is: publishers take turns, and each goes through the keys. */
export function turn(index: number, publishers: number, keys: number): Pick<Payload, 'key' | 'n' | 'p'> {
  const own = Math.floor(index / publishers)
  return { key: `k${own % keys}`, n: Math.floor(own / keys) + 1, p: index % publishers }
}

/** Fills `pad` so that the JSON has this many bytes, where it has not more without. */
export function padded(payload: Omit<Payload, 'pad'>, bytes: number): Payload {
  if (bytes === 0) return { ...payload, pad: '' }
  const bare = Buffer.byteLength(JSON.stringify({ ...payload, pad: '' }))
  return { ...payload, pad: 'x'.repeat(Math.max(0, bytes - bare)) }
}

/** JSON, and on arrival nothing but payloads, with their size. */
export const payloadCodec: Codec = {
  name: 'json',
  encode: (payload) => JSON.stringify(payload),
  decode: (body) => {
    const text = typeof body === 'string' ? body : Buffer.from(body).toString()
    const value = JSON.parse(text)
    const { id, key, n, p } = Object(value) as Record<string, unknown>
    if (typeof id !== 'string' || typeof key !== 'string' || !Number.isInteger(n) || !Number.isInteger(p))
      throw new TypeError(`not of a verify-producer: ${text.slice(0, 80)}`)
    return { ...value, bytes: Buffer.byteLength(body) }
  },
}

/** The codec has checked what arrives; what leaves is made here. */
export const payloadSchema: StandardSchema<Payload, Arrived> = {
  '~standard': { version: 1, vendor: 'spanwire-verify', validate: (value) => ({ value: value as Arrived }) },
}
