import { memo, type ReactNode } from 'react'
import { type Latest, useKeys, useLatest } from '../src/index.js'
import { useStore } from '../src/provider.js'
import type { Store } from '../src/store/store.js'
import type { Quote } from './schema.js'
import { quotes } from './site.js'

/** Renders per symbol, and what each row showed last. */
export class Seen {
  readonly renders: Map<string, number> = new Map()
  readonly latest: Map<string, Latest<Quote>> = new Map()

  get total(): number {
    return [...this.renders.values()].reduce((sum, count) => sum + count, 0)
  }

  note(symbol: string, latest: Latest<Quote>): void {
    this.renders.set(symbol, (this.renders.get(symbol) ?? 0) + 1)
    this.latest.set(symbol, latest)
  }
}

export const Row = memo(function Row({ symbol, seen }: { readonly symbol: string; readonly seen: Seen }): ReactNode {
  const latest = useLatest(quotes, { symbol })
  seen.note(symbol, latest)
  return `${symbol} ${latest.status} ${latest.value?.bid ?? '-'};`
})

export function List({ seen }: { readonly seen: Seen }): ReactNode {
  const keys = useKeys(quotes)
  return keys.map(({ symbol }) => <Row key={symbol} symbol={symbol} seen={seen} />)
}

export function Peek({ to }: { readonly to: (store: Store) => void }): undefined {
  to(useStore())
}
