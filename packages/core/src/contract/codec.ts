import type { Body } from '@spanwire/driver'
import type { StandardSchema } from './schema.js'

/** How a value becomes a body and back. Both directions throw on what is not theirs; the caller says where it happened. */
export interface Codec<Value = unknown> {
  readonly name: 'json' | 'bytes' | 'text'
  encode(value: Value): Body
  decode(body: Body): unknown
}

/**
 * A codec that is also the schema of all that it can carry. It stands where a schema stands, `topic('frames', bytes)`,
 * or beside a narrower one, `topic('notes', ShortText, { codec: text })`.
 */
export interface Format<Value = unknown> extends Codec<Value>, StandardSchema<Value> {}

const VENDOR = 'spanwire'

/** JSON as text, so that text wires take it as it is. As a schema: any value, unchecked. */
export const json: Format = /* @__PURE__ */ format(
  'json',
  (value): value is unknown => value !== undefined,
  (value) => {
    const body: string | undefined = JSON.stringify(value)
    if (body === undefined) throw new TypeError(`${typeof value} has no JSON`)
    // V8 makes a long text of several and joins them when it is first read: to keep them apart costs more.
    body.charCodeAt(0)
    return body
  },
  (body) => JSON.parse(toText(body)),
)

/** Bytes as they are. Copied both ways: what the user holds is never what waits to be sent again, nor a view into a socket's buffer. */
export const bytes: Format<Uint8Array> = /* @__PURE__ */ format(
  'bytes',
  (value) => value instanceof Uint8Array,
  (value) => new Uint8Array(value),
  (body) => (typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body)),
)

/** Text as UTF-8, nothing around it. A half surrogate pair has no UTF-8 and is refused. */
export const text: Format<string> = /* @__PURE__ */ format(
  'text',
  (value): value is string => typeof value === 'string' && !/\p{Surrogate}/u.test(value),
  (value) => value,
  toText,
)

/** The codec of a contract: the schema's own when it is a {@link Format}, else the one asked for, else JSON. */
export function codecOf(schema: StandardSchema | Format, wanted: Codec | undefined): Codec {
  return isFormat(schema) ? schema : (wanted ?? json)
}

/** By vendor, not by identity: a process may hold two copies of this package. */
function isFormat(schema: StandardSchema | Format): schema is Format {
  return schema['~standard'].vendor === VENDOR
}

const utf8: TextDecoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function toText(body: Body): string {
  return typeof body === 'string' ? body : utf8.decode(body)
}

function format<Value>(
  name: Codec['name'],
  fits: (value: unknown) => value is Value,
  encode: (value: Value) => Body,
  decode: (body: Body) => unknown,
): Format<Value> {
  const validate = (value: unknown) => (fits(value) ? { value } : { issues: [{ message: `is not ${name}` }] })
  const checked = (value: Value) => {
    if (!fits(value)) throw new TypeError(`${typeof value} is not ${name}`)
    return encode(value)
  }
  return Object.freeze({
    name,
    encode: checked,
    decode,
    '~standard': { version: 1, vendor: VENDOR, validate } as const,
  })
}
