import { type Delivery, MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { parcel } from '../../test/parcel.js'
import { Shelf } from './shelf.js'

const shelfFor = (messages: number, bytes: number = Number.POSITIVE_INFINITY): Shelf<Delivery> =>
  new Shelf(
    () => ({ messages, bytes }),
    () => undefined,
  )

describe('Shelf', () => {
  it('wakes who waits once for all that one turn brought', async () => {
    const shelf = shelfFor(100)
    const next = shelf.next()
    for (let at = 0; at < 3; at++) shelf.put(parcel(1))
    expect((await next)?.deliveries).toHaveLength(3)
    expect(shelf.pile.count).toBe(0)
  })

  it('gives no more in one batch than there is room for', async () => {
    const shelf = shelfFor(2)
    for (const bytes of [50, 4, 4]) shelf.put(parcel(bytes))
    const sizes: number[][] = []
    while (shelf.pile.count > 0) sizes.push(((await shelf.next())?.deliveries ?? []).map(({ body }) => body.length))
    expect(sizes).toEqual([[50, 4], [4]])
    expect(shelf.pile.bytes).toBe(0)
  })

  it('counts what it drops, and says it before what comes then', async () => {
    const shelf = shelfFor(100)
    for (let at = 1; at <= 3_000; at++) {
      shelf.put(parcel(at))
      shelf.drop({ messages: 10, bytes: 1 << 30 })
    }
    const batch = await shelf.next()
    expect(batch?.lost).toEqual({ reason: 'slow', count: 2_990 })
    expect(batch?.deliveries.map(({ body }) => body.length)).toEqual(Array.from({ length: 10 }, (_, at) => 2_991 + at))
  })

  it('says that it caught up with the last of what was stored', async () => {
    const shelf = shelfFor(1)
    shelf.put(parcel(1))
    shelf.put(parcel(2))
    shelf.tell({ caughtUp: true })
    expect((await shelf.next())?.caughtUp).toBeUndefined()
    expect((await shelf.next())?.caughtUp).toBe(true)
  })

  it('sums up what was lost, and gives no number when one is missing', async () => {
    const shelf = shelfFor(1)
    shelf.tell({ lost: { reason: 'expired', count: 2 } })
    shelf.tell({ lost: { reason: 'slow', count: 3 } })
    expect((await shelf.next())?.lost).toEqual({ reason: 'expired', count: 5 })
    shelf.tell({ lost: { reason: 'engine', count: 2 } })
    shelf.tell({ lost: { reason: 'engine' } })
    expect((await shelf.next())?.lost).toEqual({ reason: 'engine' })
  })

  it('gives nothing while there is no room, and goes on when it is woken', async () => {
    let messages = 0
    const pulled: number[] = []
    const shelf = new Shelf<Delivery>(
      () => ({ messages, bytes: 1 }),
      (some) => pulled.push(some.length),
    )
    const next = shelf.next()
    shelf.put(parcel(50))
    await Promise.resolve()
    expect(shelf.isAwaited).toBe(true)
    messages = 3
    shelf.wake()
    expect((await next)?.deliveries).toHaveLength(1)
    expect(pulled).toEqual([1])
  })

  it('does not give what was purged', async () => {
    const shelf = shelfFor(9)
    for (const bytes of [1, 2, 3]) shelf.put(parcel(bytes))
    shelf.purge(({ body }) => body.length !== 2)
    expect((await shelf.next())?.deliveries.map(({ body }) => body.length)).toEqual([1, 3])
  })

  it('rejects once, then is over', async () => {
    const shelf = shelfFor(100)
    const error = new MessagingError('not-found', 'The stream was deleted.')
    shelf.put(parcel(1))
    expect(shelf.end(error)).toHaveLength(1)
    await expect(shelf.next()).rejects.toBe(error)
    expect(await shelf.next()).toBeUndefined()
  })
})
