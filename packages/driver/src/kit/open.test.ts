import { MessagingError, type Outgoing, type SendOutcome } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { linkError } from './errors.js'
import { DONE, failed, handOver, Open } from './open.js'

const FORGOTTEN: SendOutcome = failed('unknown', new MessagingError('canceled', 'It was forgotten.'))
const batch = (count: number): readonly Outgoing[] => Array.from({ length: count }, () => ({ path: '', body: '' }))

/** What was reported, in its order. */
function watched(count: number): { readonly open: Open; readonly told: string[] } {
  const told: string[] = []
  return { open: new Open(count, (index, { outcome }) => told.push(`${index} ${outcome}`)), told }
}

describe('Open', () => {
  it('reports each once, whatever happens first', () => {
    const { open, told } = watched(3)
    open.one(1, DONE)
    open.one(1, FORGOTTEN)
    open.one(7, DONE)
    expect([open.has(0), open.has(1), open.isOver]).toEqual([true, false, false])
    open.rest(FORGOTTEN)
    open.rest(DONE)
    expect(told).toEqual(['1 done', '0 unknown', '2 unknown'])
    expect(open.isOver).toBe(true)
  })

  it('forgets one, or all that are left', () => {
    const { open, told } = watched(4)
    open.one(0, DONE)
    const cancel = open.cancelBy((index) => open.one(index, FORGOTTEN))
    cancel(2)
    cancel(0)
    cancel()
    cancel()
    expect(told).toEqual(['0 done', '2 unknown', '1 unknown', '3 unknown'])
  })
})

describe('handOver', () => {
  it('goes on behind a message that is refused, and tells the fault of a link from that of a message', () => {
    const { open, told } = watched(4)
    const taken: number[] = []
    handOver(open, batch(4), (_, index) => {
      if (index === 1) throw new MessagingError('too-large', 'It is too large.')
      if (index === 2) throw linkError('overloaded', 'Too much waits.')
      taken.push(index)
    })
    expect(taken).toEqual([0, 3])
    expect(told).toEqual(['1 refused', '2 unsent'])
  })

  it('does not hand over what a report has cancelled', () => {
    const taken: number[] = []
    const open: Open = new Open(3, () => open.rest(FORGOTTEN))
    handOver(open, batch(3), (_, index) => {
      taken.push(index)
      open.one(index, DONE)
    })
    expect(taken).toEqual([0])
  })
})
