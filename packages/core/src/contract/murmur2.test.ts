import { expect, it } from 'vitest'
import { murmur2 } from './murmur2.js'

it.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('hashes %s as Kafka does', (text, hash) => {
  expect(murmur2(text)).toBe(hash)
})

it('reads UTF-8, also beyond its scratch space', () => {
  const long = '€'.repeat(20_000)
  expect(murmur2('é')).not.toBe(murmur2('e'))
  expect(murmur2(long)).not.toBe(murmur2(`${long}€`))
  expect(murmur2(long)).toBe(murmur2(long))
})
