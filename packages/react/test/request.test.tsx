import { queue, rpc } from '@spanwire/core'
import { act, type ReactNode, StrictMode } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { type Asking, usePublish, useRequest, useSend } from '../src/index.js'
import { open } from './open.js'
import { type Quote, schema } from './schema.js'
import { quotes } from './site.js'
import { pass, provide, stage } from './stage.js'

interface Ask {
  readonly symbol: string
}

const price = rpc('pricing.price', schema<Ask>(), schema<number>())
const orders = queue('orders', schema<Ask>())

interface PriceProps {
  readonly symbol: string | undefined
  readonly seen: Asking<typeof price>[]
}

function Price({ symbol, seen }: PriceProps): ReactNode {
  const asking = useRequest(price, symbol === undefined ? undefined : { symbol })
  seen.push(asking)
  return `${asking.status} ${asking.value ?? '-'}`
}

function Ticket({ seen }: { readonly seen: Asking<typeof price>[] }): ReactNode {
  const asking = useRequest(price)
  seen.push(asking)
  return `${asking.status} ${asking.value ?? '-'}`
}

interface SendingProps {
  readonly seen: ((quote: Quote) => Promise<unknown>)[]
  readonly send: ((ask: Ask) => Promise<unknown>)[]
}

function Sending({ seen, send }: SendingProps): ReactNode {
  seen.push(usePublish(quotes))
  send.push(useSend(orders))
  return null
}

describe('useRequest with a query', () => {
  it('asks at mount, again when the query changes, and not when it only looks different', async () => {
    const { client } = await open()
    const asked: { readonly symbol: string; readonly answer: (value: number) => void }[] = []
    client.respond(price, ({ symbol }) => new Promise<number>((answer) => void asked.push({ symbol, answer })))
    await pass(50)
    const seen: Asking<typeof price>[] = []
    const page = await stage(provide(client, <Price symbol="IBM" seen={seen} />))
    await pass(50)
    expect(page.text).toBe('loading -')
    asked[0]?.answer(3)
    await pass(50)
    expect(page.text).toBe('done 3')
    await page.render(provide(client, <Price symbol="IBM" seen={seen} />))
    await pass(50)
    await page.render(provide(client, <Price symbol="MSFT" seen={seen} />))
    await pass(50)
    expect(page.text).toBe('loading 3')
    asked[1]?.answer(4)
    await pass(50)
    expect(page.text).toBe('done 4')
    expect(asked.map(({ symbol }) => symbol)).toEqual(['IBM', 'MSFT'])
    expect(new Set(seen.map(({ call }) => call)).size).toBe(1)
  })

  it('asks once in strict mode', async () => {
    const { client } = await open()
    const asked = vi.fn(() => 1)
    client.respond(price, asked)
    await pass(50)
    const page = await stage(<StrictMode>{provide(client, <Price symbol="IBM" seen={[]} />)}</StrictMode>)
    await pass(50)
    expect(page.text).toBe('done 1')
    expect(asked).toHaveBeenCalledTimes(1)
  })

  it('asks nothing without a query', async () => {
    const { client } = await open()
    const asked = vi.fn(() => 1)
    client.respond(price, asked)
    await pass(50)
    const page = await stage(provide(client, <Price symbol={undefined} seen={[]} />))
    await pass(50)
    expect(page.text).toBe('idle -')
    expect(asked).not.toHaveBeenCalled()
  })

  it('shows the newest question when an older one answers late', async () => {
    const { client } = await open()
    const answers = new Map<string, (value: number) => void>()
    client.respond(price, ({ symbol }) => new Promise<number>((resolve) => void answers.set(symbol, resolve)), {
      concurrency: 2,
    })
    await pass(50)
    const seen: Asking<typeof price>[] = []
    const page = await stage(provide(client, <Ticket seen={seen} />))
    const [first, second] = await act(async () => [seen[0]?.call({ symbol: 'OLD' }), seen[0]?.call({ symbol: 'NEW' })])
    await pass(50)
    answers.get('NEW')?.(2)
    await pass(50)
    answers.get('OLD')?.(1)
    await pass(50)
    expect(await Promise.all([first, second])).toEqual([1, 2])
    expect(page.text).toBe('done 2')
  })

  it('cancels what nobody wants to see any more, and shows nothing of it', async () => {
    const { client } = await open()
    client.respond(price, ({ symbol }) => (symbol === 'SLOW' ? new Promise<number>(() => {}) : 1))
    await pass(50)
    const seen: Asking<typeof price>[] = []
    const page = await stage(provide(client, <Price symbol="SLOW" seen={seen} />))
    await pass(50)
    await page.render(provide(client, <Price symbol={undefined} seen={seen} />))
    await pass(50)
    expect(seen.some(({ status }) => status === 'error')).toBe(false)
  })

  it('asks the same again on call, and keeps the last value through an error', async () => {
    const { client } = await open()
    let bid = 0
    const server = client.respond(price, () => ++bid)
    await pass(50)
    const seen: Asking<typeof price>[] = []
    const page = await stage(provide(client, <Price symbol="IBM" seen={seen} />))
    await pass(50)
    await act(
      async () =>
        void seen
          .at(-1)
          ?.call({ symbol: 'IBM' })
          .catch(() => {}),
    )
    await pass(50)
    expect(page.text).toBe('done 2')
    await server.stop()
    await act(
      async () =>
        void seen
          .at(-1)
          ?.call({ symbol: 'IBM' })
          .catch(() => {}),
    )
    await pass(10_000)
    expect(page.text).toBe('error 2')
    expect(seen.at(-1)?.error).toMatchObject({ code: expect.any(String), message: expect.any(String) })
  })
})

describe('useRequest without a query', () => {
  it('asks when it is called, and rejects as the client does', async () => {
    const { client } = await open()
    client.respond(price, ({ symbol }) => {
      if (symbol === 'BAD') throw new Error('no such symbol')
      return 7
    })
    await pass(50)
    const seen: Asking<typeof price>[] = []
    const page = await stage(provide(client, <Ticket seen={seen} />))
    await pass(50)
    expect(page.text).toBe('idle -')
    const reply = await act(async () => seen[0]?.call({ symbol: 'IBM' }))
    expect(reply).toBe(7)
    expect(page.text).toBe('done 7')
    await act(async () => expect(seen[0]?.call({ symbol: 'BAD' })).rejects.toThrow('no such symbol'))
    expect(page.text).toBe('error 7')
  })
})

describe('usePublish and useSend', () => {
  it('give functions that stay the same, publish and send, and reject as the client does', async () => {
    const { client } = await open()
    const seen: SendingProps['seen'] = []
    const send: SendingProps['send'] = []
    const page = await stage(provide(client, <Sending seen={seen} send={send} />))
    await page.render(provide(client, <Sending seen={seen} send={send} />))
    expect(seen[1]).toBe(seen[0])
    expect(send[1]).toBe(send[0])
    await expect(seen[0]?.({ symbol: 'IBM', bid: 1 })).resolves.toMatchObject({ sites: ['frankfurt'] })
    await expect(send[0]?.({ symbol: 'IBM' })).resolves.toMatchObject({ sites: ['frankfurt'] })
    await expect(seen[0]?.({ symbol: '', bid: 1 })).rejects.toMatchObject({ code: 'invalid' })
  })
})
