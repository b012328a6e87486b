import { type ReactNode, StrictMode } from 'react'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type ChannelOptions, type Progress, useChannel } from '../src/index.js'
import { LINGER_MS } from '../src/store/shared.js'
import { open } from './open.js'
import { pass, provide, stage } from './stage.js'
import { trade, trades } from './trades.js'

interface HearingProps {
  readonly hear: (price: number) => void
  readonly statuses?: Progress[]
  readonly options?: ChannelOptions<typeof trades>
}

function Hearing({ hear, statuses, options }: HearingProps): ReactNode {
  const status = useChannel(trades, ({ value }) => hear(value.price), options)
  statuses?.push(status)
  return status.status
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1)

describe('useChannel', () => {
  it('hands over every message once and in order, without drawing anything', async () => {
    const { client } = await open('trades')
    const heard: number[] = []
    const statuses: Progress[] = []
    await stage(provide(client, <Hearing hear={(price) => void heard.push(price)} statuses={statuses} />))
    await pass(50)
    await trade(client, 1, 500)
    await pass(50)
    expect(heard).toEqual(upTo(500))
    expect(statuses.map(({ status }) => status)).toEqual(['loading', 'live'])
  })

  it('calls the handler that was rendered last', async () => {
    const { client } = await open('trades')
    const [first, second] = [vi.fn(), vi.fn()]
    const page = await stage(provide(client, <Hearing hear={first} />))
    await pass(50)
    await page.render(provide(client, <Hearing hear={second} />))
    await trade(client, 1, 1)
    await pass(50)
    expect(first).not.toHaveBeenCalled()
    expect(second).toHaveBeenCalledExactlyOnceWith(1)
  })

  it('shares one subscription among who listens to the same, and one in strict mode', async () => {
    const { client, wire } = await open('trades')
    const [first, second] = [vi.fn(), vi.fn()]
    const page = await stage(
      <StrictMode>
        {provide(
          client,
          <>
            <Hearing hear={first} />
            <Hearing hear={second} />
          </>,
        )}
      </StrictMode>,
    )
    await pass(LINGER_MS * 2)
    await trade(client, 1, 1)
    await pass(50)
    expect([first.mock.calls, second.mock.calls]).toEqual([[[1]], [[1]]])
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 0 })
    await page.unmount()
    await pass(LINGER_MS)
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 1 })
  })

  it('gives the past to each who asks for it', async () => {
    const { client, wire } = await open('trades')
    await trade(client, 1, 3)
    const [first, second]: number[][] = [[], []]
    const page = (more: ReactNode) =>
      provide(
        client,
        <>
          <Hearing key="first" hear={(price) => void first?.push(price)} options={{ from: 'beginning' }} />
          {more}
        </>,
      )
    const shown = await stage(page(null))
    await pass(50)
    await shown.render(
      page(<Hearing key="second" hear={(price) => void second?.push(price)} options={{ from: 'beginning' }} />),
    )
    await pass(50)
    expect([first, second]).toEqual([upTo(3), upTo(3)])
    expect(wire.subscribes).toBe(2)
  })

  it('hears only what its parameters name', async () => {
    const { client } = await open('trades')
    const hear = vi.fn()
    await stage(provide(client, <Hearing hear={hear} options={{ params: { symbol: 'B' } }} />))
    await pass(50)
    await client.publish(trades, { symbol: 'A', price: 1 })
    await client.publish(trades, { symbol: 'B', price: 2 })
    await pass(50)
    expect(hear.mock.calls).toEqual([[2]])
  })

  it('listens to nothing while it is switched off, and shows impossible parameters as an error', async () => {
    const { client, wire } = await open('trades')
    const statuses: Progress[] = []
    const hear = vi.fn()
    const page = await stage(provide(client, <Hearing hear={hear} statuses={statuses} options={{ enabled: false }} />))
    await page.render(provide(client, <Hearing hear={hear} statuses={statuses} options={{ params: { symbol: '' } }} />))
    await pass(50)
    expect(statuses).toEqual([
      { status: 'idle', error: undefined },
      { status: 'error', error: expect.objectContaining({ code: 'invalid' }) },
    ])
    expect(wire.subscribes).toBe(0)
  })

  it('says that it is refused', async () => {
    const { client, engine } = await open('trades')
    engine.revoke('trades')
    const statuses: Progress[] = []
    await stage(provide(client, <Hearing hear={vi.fn()} statuses={statuses} />))
    await pass(50)
    expect(statuses.at(-1)).toEqual({ status: 'error', error: expect.objectContaining({ code: 'forbidden' }) })
  })

  describe('with a handler that throws', () => {
    const uncaught: unknown[] = []
    const before = process.listeners('uncaughtException')
    afterEach(() => {
      process.removeAllListeners('uncaughtException')
      for (const listener of before) process.on('uncaughtException', listener)
      uncaught.length = 0
    })

    it('reports the error as one of an event handler, and goes on', async () => {
      process.removeAllListeners('uncaughtException')
      process.on('uncaughtException', (error) => void uncaught.push(error))
      const { client } = await open('trades')
      const heard: number[] = []
      const fault = new Error('handler')
      const hear = (price: number) => {
        if (price === 2) throw fault
        heard.push(price)
      }
      await stage(provide(client, <Hearing hear={hear} />))
      await pass(50)
      await trade(client, 1, 3)
      await pass(50)
      expect(heard).toEqual([1, 3])
      expect(uncaught).toEqual([fault])
    })
  })
})
