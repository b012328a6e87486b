/** As much of DER (ITU-T X.690) as a certificate takes. */

export const INTEGER = 0x02
export const BITS = 0x03
export const OCTETS = 0x04
export const OID = 0x06
export const SEQUENCE = 0x30
export const SET = 0x31
const BOOLEAN = 0x01
const UTF8 = 0x0c
const UTC_TIME = 0x17
const CONTEXT_CONSTRUCTED = 0xa0

/** One value: its tag, its length, its contents one after another. */
export function der(tag: number, ...contents: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const content = Buffer.concat(contents.map((one) => Uint8Array.from(one)))
  return Buffer.concat([Uint8Array.of(tag), length(content.length), content])
}

export const BOOLEAN_TRUE: Uint8Array = der(BOOLEAN, [0xff])

export function explicit(number: number, content: Uint8Array): Uint8Array {
  return der(CONTEXT_CONSTRUCTED | number, content)
}

export function utf8(text: string): Uint8Array {
  return der(UTF8, Buffer.from(text))
}

/** To the second, until 2049. */
export function time(ms: number): Uint8Array {
  const [date = '', clock = ''] = new Date(ms).toISOString().split('T')
  return der(UTC_TIME, Buffer.from(`${date.slice(2)}${clock.slice(0, 8)}Z`.replaceAll(/[-:]/g, '')))
}

function length(count: number): Uint8Array {
  if (count < 0x80) return Uint8Array.of(count)
  if (count < 0x100) return Uint8Array.of(0x81, count)
  if (count < 0x10000) return Uint8Array.of(0x82, count >> 8, count & 0xff)
  throw new Error(`${count} bytes are more than a certificate for tests has`)
}
