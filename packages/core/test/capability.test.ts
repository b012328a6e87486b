import { memory } from '@spanwire/driver-memory'
import { describe, expect, it } from 'vitest'
import { json, queue, type StandardSchema } from '../src/index.js'
import { twoSites } from './two-sites.js'

interface Order {
  readonly account: string
}

const order = json as StandardSchema<Order>
const keyed = queue('orders', order, { key: ({ account }) => account })
const placed = queue('orders', order, { key: ({ account }) => account, order: 'none' })
const plain = queue('plain', order)

describe('what an engine cannot do', () => {
  it('refuses a queue with a key where no engine keeps its order, to who sends and to who works', async () => {
    const { a, client } = twoSites({ driver: (engine) => memory(engine, { without: ['keyed'] }) })
    const one = client()
    const refused = { code: 'capability', message: expect.stringContaining("order: 'none'") }
    await expect(one.send(keyed, { account: 'x' })).rejects.toMatchObject(refused)
    await expect(one.consume(keyed, () => undefined).ready).rejects.toMatchObject(refused)
    expect(a.peek('orders', 1)).toEqual([])
    const { trace } = one.explain('send', keyed)
    expect(trace.filter((line) => line.includes('cannot keep its order'))).toHaveLength(2)
  })

  it('lets a contract that minds no order use such an engine', async () => {
    const { a, client } = twoSites({ driver: (engine) => memory(engine, { without: ['keyed'] }) })
    const one = client()
    expect((await one.send(placed, { account: 'x' })).sites).toEqual(['a'])
    expect(a.peek('orders', 2)).toHaveLength(1)
    await one.consume(placed, () => undefined).ready
  })

  it('sends a keyed job to the site that keeps its order, past the primary that does not', async () => {
    const { client } = twoSites({
      driver: (engine, site) => memory(engine, { without: site === 'a' ? ['keyed'] : [] }),
    })
    const one = client()
    expect((await one.send(keyed, { account: 'x' })).sites).toEqual(['b'])
    await one.consume(keyed, () => undefined).ready
  })

  it('refuses a delay and a ttl that the engine does not keep before anything is sent, naming the site', async () => {
    const { a, client } = twoSites({ driver: (engine) => memory(engine, { without: ['maxDelayMs', 'ttl'] }) })
    const one = client()
    const refused = { code: 'capability', site: 'a' }
    await expect(one.send(plain, { account: 'x' }, { delay: '1s' })).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('a delay of 1000 ms'),
    })
    await expect(one.send(plain, { account: 'x' }, { ttl: '1s' })).rejects.toMatchObject(refused)
    expect(a.peek('plain', 1)).toEqual([])
    // Neither took a number: the first job that is sent is the first of its lane.
    expect((await one.send(plain, { account: 'x' })).id).toMatch(/-\d+\.1\.\d+$/)
  })

  it('refuses a delay beyond the engine’s longest', async () => {
    const { client } = twoSites()
    const tooLong = client().send(plain, { account: 'x' }, { delay: 31 * 86_400_000 })
    await expect(tooLong).rejects.toMatchObject({ code: 'capability', message: expect.stringContaining('at most') })
  })
})
