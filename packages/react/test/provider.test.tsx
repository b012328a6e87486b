import { createClient, status } from '@spanwire/core'
import { createEngine, memory } from '@spanwire/driver-memory'
import { act, type ReactNode, StrictMode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { describe, expect, it, vi } from 'vitest'
import { type InitialState, SpanwireProvider, useClient } from '../src/index.js'
import { LINGER_MS } from '../src/store/shared.js'
import { open } from './open.js'
import { Row, Seen } from './rows.js'
import { quotes } from './site.js'
import { pass, provide, stage } from './stage.js'

function lazily() {
  const engine = createEngine()
  const made = vi.fn(() =>
    createClient({
      here: { environment: 'edge' },
      sites: { local: { location: { environment: 'edge' }, driver: memory(engine), endpoints: ['memory'] } },
    }),
  )
  return { engine, made }
}

function State(): ReactNode {
  return status(useClient()).sites.length
}

describe('a lazy client', () => {
  it('is made by the first effect that needs it, once, and closed one linger after the unmount', async () => {
    const { engine, made } = lazily()
    const page = await stage(<StrictMode>{provide(made, <Row symbol="A" seen={new Seen()} />)}</StrictMode>)
    expect(made).toHaveBeenCalledTimes(1)
    await pass(50)
    expect(engine.counts().links).toBe(1)
    await page.unmount()
    await pass(LINGER_MS - 1)
    expect(engine.counts().links).toBe(1)
    await pass(20_000)
    expect(engine.counts()).toMatchObject({ links: 0, receptions: 0 })
  })

  it('is not made by a page that needs none', async () => {
    const { made } = lazily()
    await stage(provide(made, 'nothing live'))
    await pass(50)
    expect(made).not.toHaveBeenCalled()
  })

  it('is made anew when the page comes back later', async () => {
    const { engine, made } = lazily()
    const page = await stage(provide(made, <Row symbol="A" seen={new Seen()} />))
    await pass(50)
    await page.unmount()
    await pass(20_000)
    const again = await stage(provide(made, <Row symbol="A" seen={new Seen()} />))
    await pass(50)
    expect(again.text).toBe('A live -;')
    expect(made).toHaveBeenCalledTimes(2)
    expect(engine.counts().links).toBe(1)
    await again.unmount()
    await pass(20_000)
    expect(engine.counts().links).toBe(0)
  })

  it('shows as an error that it cannot be made', async () => {
    const seen = new Seen()
    const fail = () => {
      throw new Error('no token')
    }
    await stage(provide(fail, <Row symbol="A" seen={seen} />))
    await pass(50)
    expect(seen.latest.get('A')).toMatchObject({
      status: 'error',
      error: { code: 'invalid', message: 'Error: no token' },
    })
  })
})

it('never closes a client that it was given', async () => {
  const { client } = await open()
  const page = await stage(provide(client, <Row symbol="A" seen={new Seen()} />))
  await pass(50)
  await page.unmount()
  await pass(20_000)
  expect(client.status().sites[0]?.state).toBe('up')
})

it('gives the client to who asks for it', async () => {
  const { client } = await open()
  const page = await stage(provide(client, <State />))
  expect(page.text).toBe('1')
})

it('takes over what the server rendered, without a mismatch, and goes live', async () => {
  const { client, publish } = await open()
  await publish(1, 8)
  const initialState: InitialState = {
    [quotes.template]: [
      { value: { symbol: 'S0', bid: 7 }, params: { symbol: 'S0' }, path: 'S0', timeMs: 1, site: 'x', stale: false },
    ],
  }
  const seen = new Seen()
  const page = (
    <SpanwireProvider client={client} initialState={initialState}>
      <Row symbol="S0" seen={seen} />
    </SpanwireProvider>
  )
  const container = document.body.appendChild(document.createElement('div'))
  container.innerHTML = renderToString(page)
  expect(container.textContent).toBe('S0 loading 7;')
  const served = seen.latest.get('S0')
  const recovered: unknown[] = []
  const root = await act(async () =>
    hydrateRoot(container, page, { onRecoverableError: (error) => recovered.push(error) }),
  )
  expect(seen.latest.get('S0')).toEqual(served)
  await pass(50)
  expect(container.textContent).toBe('S0 live 8;')
  expect(recovered).toEqual([])
  await act(async () => root.unmount())
})
