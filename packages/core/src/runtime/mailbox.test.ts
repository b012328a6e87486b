import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Mailbox, type Overflow } from './mailbox.js'

async function rest<T extends NonNullable<unknown>>(box: Mailbox<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of box) items.push(item)
  return items
}

describe('a mailbox', () => {
  it('gives everything in order, to a reader that waits as to one that comes later', async () => {
    const box = new Mailbox<number>({ limit: 1_000, overflow: 'wait' })
    const first = box.next()
    const second = box.next()
    for (let at = 0; at < 100; at++) expect(box.push(at)).toBe('taken')
    expect((await first).value).toBe(0)
    expect((await second).value).toBe(1)
    box.end()
    expect(await rest(box)).toEqual(Array.from({ length: 98 }, (_, at) => at + 2))
    expect(box.dropped).toBe(0)
  })

  it('keeps the order while it grows, wherever its reader stands', async () => {
    const box = new Mailbox<number>({ limit: 1_000, overflow: 'wait' })
    let pushed = 0
    let read = 0
    for (const [more, fewer] of [
      [10, 5],
      [40, 30],
      [200, 1],
      [500, 700],
    ] as const) {
      for (const end = pushed + more; pushed < end; pushed++) box.push(pushed)
      for (const end = Math.min(pushed, read + fewer); read < end; read++) expect((await box.next()).value).toBe(read)
    }
    expect(box.size).toBe(pushed - read)
  })

  it('refuses more than its limit under wait, and says when half of it is free', async () => {
    const room: number[] = []
    const box: Mailbox<number> = new Mailbox({ limit: 4, overflow: 'wait', onRoom: () => void room.push(box.size) })
    expect([1, 2, 3, 4, 5].map((item) => box.push(item))).toEqual(['taken', 'taken', 'taken', 'taken', 'full'])
    await box.next()
    expect(room).toEqual([])
    await box.next()
    await box.next()
    expect(room).toEqual([2])
    expect(box.push(6)).toBe('taken')
    box.end()
    expect(await rest(box)).toEqual([4, 6])
  })

  it('resumes with a limit of one', async () => {
    let next = 0
    const box: Mailbox<number> = new Mailbox({ limit: 1, overflow: 'wait', onRoom: () => fill() })
    const fill = () => {
      while (box.push(next) === 'taken') next += 1
    }
    fill()
    for (let at = 0; at < 10; at++) expect((await box.next()).value).toBe(at)
  })

  it('drops the oldest, and counts', async () => {
    const box = new Mailbox<number>({ limit: 3, overflow: 'drop-oldest' })
    for (let at = 0; at < 50; at++) expect(box.push(at)).toBe('taken')
    expect(box.dropped).toBe(47)
    box.end()
    expect(await rest(box)).toEqual([47, 48, 49])
  })

  it('keeps the latest per key, in the place of the first', async () => {
    const box = new Mailbox<string>({ limit: 3, overflow: 'latest-per-key' })
    for (const item of ['a1', 'b1', 'a2', 'c1', 'a3', 'd1']) box.push(item, item[0])
    expect(box.dropped).toBe(3)
    expect((await box.next()).value).toBe('b1')
    box.push('b2', 'b')
    box.end()
    expect(await rest(box)).toEqual(['c1', 'd1', 'b2'])
  })

  it('fails when it must not overflow, after what it holds', async () => {
    const box = new Mailbox<number>({ limit: 2, overflow: 'error' })
    expect([1, 2, 3].map((item) => box.push(item))).toEqual(['taken', 'taken', 'full'])
    expect((await box.next()).value).toBe(1)
    expect((await box.next()).value).toBe(2)
    await expect(box.next()).rejects.toMatchObject({ code: 'overloaded' })
    expect((await box.next()).done).toBe(true)
  })

  it('ends: with what it holds, or at once; with an error that is told once', async () => {
    const failed = new Error('failed')
    const waiting = new Mailbox<number>({ limit: 2, overflow: 'wait' })
    const [first, second] = [waiting.next(), waiting.next()]
    waiting.end(failed)
    await expect(first).rejects.toBe(failed)
    expect((await second).done).toBe(true)

    const cut = new Mailbox<number>({ limit: 9, overflow: 'latest-per-key' })
    for (const item of [1, 2, 3]) cut.push(item, `${item}`)
    expect(cut.cut(failed)).toBe(3)
    expect(cut.push(4, '1')).toBe('taken')
    await expect(cut.next()).rejects.toBe(failed)
    expect((await cut.next()).done).toBe(true)
  })

  it('ends when the reader leaves its loop', async () => {
    const box = new Mailbox<number>({ limit: 9, overflow: 'wait' })
    for (const item of [1, 2, 3]) box.push(item)
    for await (const item of box) if (item === 2) break
    expect(box.size).toBe(0)
    expect((await box.next()).done).toBe(true)
  })

  it('behaves like a plain list, under every policy', async () => {
    const overflow = fc.constantFrom<Overflow>('wait', 'drop-oldest', 'latest-per-key')
    const actions = fc.array(
      fc.oneof({ weight: 2, arbitrary: fc.nat(25).map(String) }, { weight: 1, arbitrary: fc.constant(undefined) }),
      {
        maxLength: 200,
      },
    )
    await fc.assert(
      fc.asyncProperty(overflow, fc.integer({ min: 1, max: 40 }), actions, async (policy, limit, keys) => {
        const box = new Mailbox<number>({ limit, overflow: policy })
        const model: { item: number; key: string }[] = []
        let dropped = 0
        for (const [item, key] of keys.entries()) {
          if (key === undefined) {
            const wanted = model.shift()
            if (wanted) expect((await box.next()).value).toBe(wanted.item)
            continue
          }
          const same = policy === 'latest-per-key' ? model.find((one) => one.key === key) : undefined
          const isFull = !same && model.length >= limit
          if (same) same.item = item
          else if (!isFull || policy !== 'wait') model.push({ item, key })
          if (isFull && policy !== 'wait') model.shift()
          if (same || (isFull && policy !== 'wait')) dropped += 1
          expect(box.push(item, key)).toBe(isFull && policy === 'wait' ? 'full' : 'taken')
          expect([box.size, box.dropped]).toEqual([model.length, dropped])
        }
        box.end()
        expect(await rest(box)).toEqual(model.map(({ item }) => item))
      }),
    )
  })
})
