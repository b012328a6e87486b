import type { Body } from '@spanwire/driver'

/** How a value becomes a body and back. `decode` throws on bytes that are not its own. */
export interface Codec {
  readonly name: 'json' | 'bytes' | 'text'
  encode(value: unknown): Body
  decode(body: Body): unknown
}
