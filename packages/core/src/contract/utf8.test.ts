import fc from 'fast-check'
import { expect, it } from 'vitest'
import { byteLength, toUtf8 } from './utf8.js'

it('measures and encodes as TextEncoder does', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = new TextEncoder().encode(text)
      expect(byteLength(text)).toBe(bytes.length)
      expect(byteLength(bytes)).toBe(bytes.length)
      expect([...toUtf8(text)]).toEqual([...bytes])
    }),
  )
})

it.each([4_096, 4_097, 900_000])('measures %i characters of three bytes', (length) => {
  expect(byteLength('€'.repeat(length))).toBe(3 * length)
})
