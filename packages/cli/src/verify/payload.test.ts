import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { padded, payloadCodec, turn } from './payload.js'

describe('turn', () => {
  it('numbers each key of each publisher from 1 without a hole', () => {
    const sizes = fc.record({
      count: fc.nat(2_000),
      publishers: fc.integer({ min: 1, max: 7 }),
      keys: fc.integer({ min: 1, max: 50 }),
    })
    fc.assert(
      fc.property(sizes, ({ count, keys, publishers }) => {
        const last = new Map<string, number>()
        for (let index = 0; index < count; index++) {
          const { key, n, p } = turn(index, publishers, keys)
          expect(n).toBe((last.get(`${p} ${key}`) ?? 0) + 1)
          last.set(`${p} ${key}`, n)
        }
        const counts = [...last.values()]
        if (count >= publishers * keys) expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('padded', () => {
  it('fills the JSON up to the size, where it has not more without', () => {
    const payload = { id: 'ä-0-k0-1', key: 'k0', n: 1, p: 0 }
    const sizeAt = (bytes: number): number => Buffer.byteLength(JSON.stringify(padded(payload, bytes)))
    const bare = sizeAt(0)
    expect([bare, bare + 1, 100, 5_000].map(sizeAt)).toEqual([bare, bare + 1, 100, 5_000])
    expect(sizeAt(10)).toBe(bare)
  })
})

describe('payloadCodec', () => {
  it('gives what arrived with its size in bytes, from text as from bytes', () => {
    const text = JSON.stringify(padded({ id: 'ä-0-k0-1', key: 'k0', n: 1, p: 0 }, 200))
    for (const body of [text, new TextEncoder().encode(text)])
      expect(payloadCodec.decode(body)).toMatchObject({ id: 'ä-0-k0-1', n: 1, bytes: 200 })
  })

  it.each(['null', '1', '{}', '{"id":"a","key":"k","n":1.5,"p":0}'])('refuses %s', (text) => {
    expect(() => payloadCodec.decode(text)).toThrow(/not of a verify-producer/)
  })
})
