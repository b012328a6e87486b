import { Component, type ReactNode, Suspense } from 'react'
import { describe, expect, it, vi } from 'vitest'
import { LINGER_MS } from '../src/store/shared.js'
import { type Present, useLatestSuspense } from '../src/suspense.js'
import { open } from './open.js'
import type { Quote } from './schema.js'
import { quotes } from './site.js'
import { pass, provide, stage } from './stage.js'

interface RowProps {
  readonly symbol: string
  readonly seen: Present<Quote>[]
}

function Row({ symbol, seen }: RowProps): ReactNode {
  const latest = useLatestSuspense(quotes, { symbol })
  seen.push(latest)
  return `${latest.status} ${latest.value.bid};`
}

class Boundary extends Component<{ readonly children: ReactNode }, { readonly error: Error | undefined }> {
  override state: { readonly error: Error | undefined } = { error: undefined }

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error }
  }

  override render(): ReactNode {
    return this.state.error ? `failed: ${'code' in this.state.error ? this.state.error.code : ''}` : this.props.children
  }
}

const waiting = (children: ReactNode): ReactNode => <Suspense fallback="waiting">{children}</Suspense>

describe('useLatestSuspense', () => {
  it('suspends until the first value, with one subscription', async () => {
    const { client, wire } = await open()
    const seen: Present<Quote>[] = []
    const page = await stage(provide(client, waiting(<Row symbol="A" seen={seen} />)))
    await pass(500)
    expect(page.text).toBe('waiting')
    await client.publish(quotes, { symbol: 'A', bid: 1 })
    await pass(500)
    expect(page.text).toBe('live 1;')
    await pass(LINGER_MS * 10)
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 0 })
  })

  it('goes on waiting with the same subscription for as long as it takes', async () => {
    const { client, wire } = await open()
    const page = await stage(provide(client, waiting(<Row symbol="A" seen={[]} />)))
    // In steps, because React draws between them: a suspended tree that is still there renews its wait.
    for (let step = 0; step < 24; step++) await pass(2500)
    expect(page.text).toBe('waiting')
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 0 })
    await client.publish(quotes, { symbol: 'A', bid: 1 })
    await pass(500)
    expect(page.text).toBe('live 1;')
  })

  it('never suspends again: not when the site is lost, and not when the value is removed', async () => {
    const { client, engine } = await open()
    await client.publish(quotes, { symbol: 'A', bid: 1 })
    const page = await stage(provide(client, waiting(<Row symbol="A" seen={[]} />)))
    await pass(500)
    engine.kill()
    await pass(500)
    expect(page.text).toBe('stale 1;')
    engine.restart({ data: 'keep' })
    await pass(60_000)
    expect(page.text).toBe('live 1;')
    await client.remove(quotes, { symbol: 'A' })
    await pass(500)
    expect(page.text).toBe('stale 1;')
    await client.publish(quotes, { symbol: 'A', bid: 2 })
    await pass(500)
    expect(page.text).toBe('live 2;')
  })

  it('ends the subscription of a page that was left while it waited', async () => {
    const { client, wire } = await open()
    const page = await stage(provide(client, waiting(<Row symbol="A" seen={[]} />)))
    await pass(500)
    await page.unmount()
    await pass(20_000)
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 1 })
  })

  it('throws to the error boundary what makes a first value impossible', async () => {
    const { client, engine } = await open()
    engine.revoke('quotes')
    // React tells the console of every caught error.
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const page = await stage(provide(client, <Boundary>{waiting(<Row symbol="A" seen={[]} />)}</Boundary>))
    await pass(500)
    expect(page.text).toBe('failed: forbidden')
    vi.restoreAllMocks()
  })
})
