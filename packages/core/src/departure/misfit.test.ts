import { expect, it } from 'vitest'
import { misfitOf } from './misfit.js'

const can = {
  maxBytes: 9,
  confirms: 'stored',
  starts: [],
  groups: false,
  waits: false,
  keyed: false,
  retries: false,
  extends: false,
  counts: false,
  maxDelayMs: 0,
  ttl: false,
} as const

const letter = (body: string | Uint8Array) => ({ path: '', headers: [], body })

it('counts bytes, not characters, where they decide', () => {
  for (const fits of ['€€€', 'abcdefghi', new Uint8Array(9)]) expect(misfitOf(letter(fits), can, 'a')).toBeUndefined()
  for (const large of ['€€€.', 'abcdefghij', new Uint8Array(10)])
    expect(misfitOf(letter(large), can, 'a')).toMatchObject({ code: 'too-large', site: 'a' })
})
