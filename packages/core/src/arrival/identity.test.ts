import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatId, makePublisher, parseId, renamed } from './identity.js'

const PUBLISHER = 'aZ09_-aZ09_-aZ09'

describe('makePublisher', () => {
  it('is the base64url of 12 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 12, maxLength: 12 }), (bytes) => {
        expect(makePublisher(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      }),
    )
  })
})

describe('parseId', () => {
  const number = fc.oneof(fc.nat(100), fc.maxSafeNat())

  it('gives back what formatId took, in at most 100 characters', () => {
    const bytes = fc.uint8Array({ minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(bytes, number, number, number, (publisher, lane, seq, timeMs) => {
        const source = `${makePublisher(publisher)}-${lane}`
        const id = formatId(source, seq + 1, timeMs)
        expect(id.length).toBeLessThanOrEqual(100)
        const identity = seq < Number.MAX_SAFE_INTEGER ? { source, seq: seq + 1, timeMs } : undefined
        expect(parseId(id)).toEqual(identity)
        const other = renamed(renamed(id, 7), lane)
        expect(other.length).toBeLessThanOrEqual(100)
        expect(other).not.toBe(id)
        expect(parseId(other)).toEqual(identity)
      }),
    )
  })

  it.each([
    ['no id', undefined],
    ['empty', ''],
    ['a UUID', '550e8400-e29b-41d4-a716-446655440000'],
    ['a short publisher', 'abc-1.2.3'],
    ['a long publisher', `${PUBLISHER}x-1.2.3`],
    ['plain base64', 'aZ09+/aZ09_-aZ09-1.2.3'],
    ['a letter beyond ASCII', 'aZ09_-aZ09_-aZ0\u0161-1.2.3'],
    ['no lane', `${PUBLISHER}-.2.3`],
    ['no seq', `${PUBLISHER}-1..3`],
    ['no time', `${PUBLISHER}-1.2.`],
    ['seq 0', `${PUBLISHER}-1.0.3`],
    ['two parts', `${PUBLISHER}-1.2`],
    ['five parts', `${PUBLISHER}-1.2.3.4.5`],
    ['a copy without number', `${PUBLISHER}-1.2.3.`],
    ['a copy with a sign', `${PUBLISHER}-1.2.3.+4`],
    ['a leading zero', `${PUBLISHER}-1.02.3`],
    ['a sign', `${PUBLISHER}-1.+2.3`],
    ['a negative time', `${PUBLISHER}-1.2.-3`],
    ['hex', `${PUBLISHER}-1.2.0x3`],
    ['an exponent', `${PUBLISHER}-1.2e3.3`],
    ['blanks', `${PUBLISHER}-1. 2.3`],
    ['a line end', `${PUBLISHER}-1.2.3\n`],
    ['more than a safe integer', `${PUBLISHER}-1.9007199254740992.3`],
    ['digits without end', `${PUBLISHER}-1.2.${'9'.repeat(400)}`],
  ])('is undefined for %s', (_what, id) => {
    expect(parseId(id)).toBeUndefined()
  })

  it('takes nothing that it would not write the same way', () => {
    const near = fc.stringMatching(/^[A-Za-z0-9_-]{15,17}-[0-9.]{1,20}$/)
    fc.assert(
      fc.property(near, (id) => {
        const identity = parseId(id)
        if (!identity) return
        const plain = formatId(identity.source, identity.seq, identity.timeMs)
        const copy = /\.(\d+)$/.exec(id)?.[1]
        expect([plain, renamed(plain, Number(copy))]).toContain(id)
      }),
    )
  })
})
