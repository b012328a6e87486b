import { describe, expect, it } from 'vitest'
import { all, json, MessagingError, type Policy, primary, queue, rpc, topic } from '../src/index.js'
import { twoEngines } from './two-engines.js'

const quotes = topic('quotes.{symbol}', json, { delivery: 'durable' })
const orders = queue('orders', json)
const price = rpc('prices', json, json)
const IBM = { params: { symbol: 'IBM' } }

function stage(policy: Policy<'a' | 'b'>, authenticate: () => boolean = () => true) {
  const { client, ...engines } = twoEngines({ b: 'here', authenticate })
  return { ...engines, client: client({ routes: [{ match: '>', policy }] }) }
}

async function ends(runtime: { advance(ms: number): Promise<void> }, promise: Promise<unknown>, ms: number) {
  let end: unknown = 'open'
  promise.then(
    () => {
      end = 'done'
    },
    (error) => {
      end = MessagingError.is(error) ? error.code : error
    },
  )
  await runtime.advance(ms)
  return end
}

describe('closing', () => {
  it('does not wait for a second copy of what is done, when its site is away', async () => {
    const { runtime, b, client } = stage(all())
    await runtime.advance(100)
    b.kill()
    await runtime.advance(100)
    for (let n = 1; n <= 10; n++) expect((await client.publish(quotes, n, IBM)).sites).toEqual(['a'])
    expect(await ends(runtime, client.close(), 50)).toBe('done')
  })

  it('waits for what nobody has taken yet', async () => {
    const { runtime, a, b, client } = stage(all())
    await runtime.advance(100)
    a.kill()
    b.kill()
    await runtime.advance(100)
    const published = client.publish(quotes, 1, IBM)
    const closed = client.close()
    expect(await ends(runtime, closed, 5_000)).toBe('open')
    b.restart({ data: 'keep' })
    expect(await ends(runtime, published, 4_900)).toBe('done')
    expect(await ends(runtime, closed, 100)).toBe('done')
  })
})

describe('sites that all refuse us', () => {
  it('let nobody wait: each verb rejects at once, with the reason of each site', async () => {
    const { runtime, client } = stage(primary('a', 'b'), () => false)
    await runtime.advance(100)
    const verbs = [() => client.publish(quotes, 1, IBM), () => client.send(orders, 1), () => client.request(price, 1)]
    for (const verb of verbs) {
      const begun = verb()
      expect(await ends(runtime, begun, 10)).toBe('unavailable')
      await expect(begun).rejects.toThrow(
        /a is disabled: .*sites\.a\.credentials.*b is disabled: .*sites\.b\.credentials/,
      )
    }
  })
})

describe('the last site', () => {
  it('is not waited for when another one that was lost is back meanwhile', async () => {
    const { runtime, a, b, client } = stage(primary('a', 'b'))
    await runtime.advance(100)
    b.kill()
    // By then it is dialled twice a minute.
    await runtime.advance(120_000)
    b.restart({ data: 'keep' })
    a.kill()
    expect(await ends(runtime, client.publish(quotes, 1, IBM), 500)).toBe('done')
    await client.close()
  })
})
