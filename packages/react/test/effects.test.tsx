import { type ReactNode, StrictMode, Suspense } from 'react'
import { describe, expect, it } from 'vitest'
import { SpanwireProvider } from '../src/index.js'
import { createBoards } from '../src/store/boards.js'
import { LINGER_MS } from '../src/store/shared.js'
import type { Store } from '../src/store/store.js'
import { open } from './open.js'
import { List, Peek, Row, Seen } from './rows.js'
import { quotes } from './site.js'
import { pass, stage } from './stage.js'

const ONE = { topic: quotes, filter: { symbol: 'A' }, path: 'A', single: true, maxRate: undefined } as const

const forever = new Promise<never>(() => {})

function Never(): ReactNode {
  throw forever
}

describe('effects', () => {
  it('subscribes once in strict mode, where everything mounts twice', async () => {
    const { client, wire, publish } = await open()
    await publish(3, 1)
    const page = await stage(
      <StrictMode>
        <SpanwireProvider client={client}>
          <List seen={new Seen()} />
        </SpanwireProvider>
      </StrictMode>,
    )
    await pass(5000)
    expect(page.text).toBe('S0 live 1;S1 live 1;S2 live 1;')
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 0 })
  })

  it('subscribes to nothing in a render that is given up because a sibling suspends', async () => {
    const { client, wire } = await open()
    let store: Store | undefined
    await stage(
      <SpanwireProvider client={client}>
        <Peek
          to={(found) => {
            store = found
          }}
        />
        <Suspense fallback="waiting">
          <Row symbol="A" seen={new Seen()} />
          <Never />
        </Suspense>
      </SpanwireProvider>,
    )
    await pass(5000)
    expect(wire.subscribes).toBe(0)
    expect(store?.part(createBoards).find(ONE)).toBeUndefined()
  })

  it('comes back to the same table within the linger: a change of page costs no wire traffic', async () => {
    const { client, wire, publish } = await open()
    await publish(1, 1)
    const provide = (children: ReactNode) => <SpanwireProvider client={client}>{children}</SpanwireProvider>
    const page = await stage(provide(<Row symbol="S0" seen={new Seen()} />))
    await pass(50)
    await page.render(provide(null))
    await pass(LINGER_MS / 2)
    const seen = new Seen()
    await page.render(provide(<Row symbol="S0" seen={seen} />))
    expect(page.text).toBe('S0 live 1;')
    await pass(LINGER_MS * 2)
    expect(wire).toEqual({ subscribes: 1, unsubscribes: 0 })
    expect(seen.total).toBe(1)
  })
})
