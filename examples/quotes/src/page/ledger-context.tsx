import { useChannel } from '@spanwire/react'
import { createContext, type ReactNode, useContext, useState, useSyncExternalStore } from 'react'
import type { Bar } from '../bar.js'
import { quotes } from '../contracts.js'
import { Ledger } from './ledger.js'

const LedgerContext = createContext<Ledger | undefined>(undefined)

/** Listens to every tick of the day that is on, from its first one, in order, and keeps the ledger. */
export function LedgerProvider({ from, children }: { readonly from: number; readonly children: ReactNode }): ReactNode {
  const [ledger] = useState(() => new Ledger(fetchDay))
  // Only the first `from` counts: the days that follow come by themselves.
  const [since] = useState(from)
  useChannel(quotes, ledger.take, { order: 'strict', from: since, buffer: 5_000 })
  return <LedgerContext value={ledger}>{children}</LedgerContext>
}

/** The ledger; the component draws again whenever it changed. */
export function useLedger(): Ledger {
  const ledger = useContext(LedgerContext)
  if (!ledger) throw new Error('useLedger was called outside of <LedgerProvider>')
  useSyncExternalStore(ledger.listen, () => ledger.version)
  return ledger
}

async function fetchDay(day: string): Promise<Readonly<Record<string, Bar>>> {
  const response = await fetch(`/api/days/${day}`)
  if (!response.ok) throw new Error(`the real day ${day} could not be read: ${response.status}`)
  // Written by start.js from its file of prices.
  return (await response.json()) as Record<string, Bar>
}
