import { describe, expect, it } from 'vitest'
import { all, json, type MessagingError, queue, rpc, type StandardSchema, topic } from '../src/index.js'
import { take, twoSites, until } from './two-sites.js'

interface Quote {
  readonly symbol: string
  readonly n: number
}

/** Any object, typed. */
function shape<T>(): StandardSchema<T> {
  return json as StandardSchema<T>
}

const live = topic('ticks.{symbol}', shape<Quote>(), {})
const durable = topic('quotes.{symbol}', shape<Quote>(), { delivery: 'durable' })
const board = topic('board.{symbol}', shape<Quote>(), { delivery: 'durable', latest: true })
const orders = queue('orders', shape<{ n: number }>(), { maxDeliveries: 3, deadLetter: 'orders.dead', retry: ['10ms'] })
const dead = queue('orders.dead', shape<{ n: number }>())
const price = rpc('prices', shape<{ symbol: string }>(), shape<{ price: number }>())

describe('the straight line over two sites in one process', () => {
  it('gives a subscriber what is published after it is ready, with its parameters', async () => {
    const { client } = twoSites()
    const reader = client()
    const writer = client()
    const subscription = reader.subscribe(live)
    await subscription.ready
    const sent = await writer.publish(live, { symbol: 'BRK.B', n: 1 })
    const [message] = await take(subscription, 1)
    expect(message?.value).toEqual({ symbol: 'BRK.B', n: 1 })
    expect(message?.params).toEqual({ symbol: 'BRK.B' })
    expect(sent.sites).toEqual(['a'])
  })

  it('loses and doubles nothing when the primary site dies in the middle, data and all', async () => {
    const { a, client } = twoSites()
    const reader = client()
    const writer = client()
    const subscription = reader.subscribe(durable)
    await subscription.ready
    const reading = take(subscription, 2_000)
    for (let n = 1; n <= 2_000; n++) {
      await writer.publish(durable, { symbol: n % 2 ? 'IBM' : 'MSFT', n })
      if (n === 1_000) a.kill()
    }
    const got = await reading
    const odd = got.filter((one) => one.value.symbol === 'IBM').map((one) => one.value.n)
    const even = got.filter((one) => one.value.symbol === 'MSFT').map((one) => one.value.n)
    expect(odd).toEqual(Array.from({ length: 1_000 }, (_, i) => 2 * i + 1))
    expect(even).toEqual(Array.from({ length: 1_000 }, (_, i) => 2 * i + 2))
  })

  it('shows no gap at all under all() when either site dies and returns', async () => {
    const { a, b, client } = twoSites({ policy: all() })
    const reader = client()
    const writer = client()
    const subscription = reader.subscribe(durable)
    await subscription.ready
    const reading = take(subscription, 3_000)
    for (let n = 1; n <= 3_000; n++) {
      await writer.publish(durable, { symbol: 'IBM', n })
      if (n === 1_000) a.kill()
      if (n === 1_500) a.restart({ data: 'wipe' })
      if (n === 2_000) await until(writer, 'a', 'up')
      if (n === 2_200) b.kill()
    }
    expect((await reading).map((one) => one.value.n)).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 1))
  })

  it('answers a request, and says at once that nobody is there', async () => {
    const { client } = twoSites()
    const server = client()
    const asker = client()
    const responder = server.respond(price, ({ symbol }) => ({ price: symbol.length }))
    await responder.ready
    expect(await asker.request(price, { symbol: 'MSFT' })).toEqual({ price: 4 })
    await responder.stop()
    const error = await asker.request(price, { symbol: 'X' }).catch((cause: MessagingError) => cause)
    expect(error).toMatchObject({ code: 'not-found' })
  })

  it('runs a job again until it succeeds, and sends it to the dead letter when it cannot', async () => {
    const { client } = twoSites()
    const one = client()
    const runs: string[] = []
    const settled: string[] = []
    const worker = one.consume(
      orders,
      ({ n }, job) => {
        runs.push(`${n}#${job.attempt}`)
        if (n === 2) throw new Error('cannot')
        if (n === 1 && job.attempt === 1) throw new Error('not yet')
      },
      { onSettled: (_job, how) => settled.push(how) },
    )
    await worker.ready
    await one.send(orders, { n: 1 })
    await one.send(orders, { n: 2 })
    const letters: { n: number; headers: object }[] = []
    await new Promise<void>((resolve) => {
      one.consume(dead, ({ n }, job) => {
        letters.push({ n, headers: job.headers })
        resolve()
      })
    })
    expect(runs.sort()).toEqual(['1#1', '1#2', '2#1', '2#2', '2#3'])
    expect(letters.map((letter) => letter.n)).toEqual([2])
  })

  it('keeps a table of the newest value per path, with removals', async () => {
    const { client } = twoSites()
    const one = client()
    await one.publish(board, { symbol: 'IBM', n: 1 })
    await one.publish(board, { symbol: 'MSFT', n: 2 })
    const table = client().table(board)
    await table.ready
    expect(table.get('IBM')?.value).toEqual({ symbol: 'IBM', n: 1 })
    await one.publish(board, { symbol: 'IBM', n: 3 })
    await one.remove(board, { symbol: 'MSFT' })
    for await (const _ of table.changes()) if (table.get('IBM')?.value.n === 3 && table.size === 1) break
    expect([...table.entries()].map(([path]) => path)).toEqual(['IBM'])
  })

  it('closes with nothing left over, and refuses what comes after', async () => {
    const { client } = twoSites()
    const one = client()
    await one.publish(live, { symbol: 'IBM', n: 1 })
    await one.close()
    await expect(one.publish(live, { symbol: 'IBM', n: 2 })).rejects.toMatchObject({ code: 'closed' })
  })
})
