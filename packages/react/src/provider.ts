import { type BareClient, MessagingError, type TableEntry } from '@spanwire/core'
import {
  createContext,
  createElement,
  type FunctionComponentElement,
  type ProviderProps,
  type ReactNode,
  useContext,
  useEffect,
  useInsertionEffect,
  useMemo,
} from 'react'
import type { Flush } from './store/flush.js'
import { createStore, type Store } from './store/store.js'

/**
 * Rows that the server had, by the topic's template: `{ [quotes.template]: [...table.entries()].map(([, row]) => row) }`.
 * Must survive JSON. Shown, with status `loading`, until the page's own table is there.
 */
export type InitialState = Readonly<Record<string, readonly TableEntry[]>>

export interface SpanwireProviderProps {
  /**
   * A client, which stays the caller's to close; or a function that makes one, called once by the first effect that needs
   * it (never while rendering, never on a server). The provider closes what it made, one second after its unmount.
   */
  readonly client: BareClient | (() => BareClient)
  /** When components are told of changes. Default `frame`: once per animation frame, 4 times a second while the page is hidden. */
  readonly flush?: Flush
  /** Read once, at the first render. */
  readonly initialState?: InitialState
  readonly children?: ReactNode
}

const StoreContext = createContext<Store | undefined>(undefined)

/** Gives the hooks below it one client and one store. Another `client` starts over; a lazy one is taken once. */
export function SpanwireProvider(
  props: SpanwireProviderProps,
): FunctionComponentElement<ProviderProps<Store | undefined>> {
  const { client, flush, initialState, children } = props
  // biome-ignore lint/correctness/useExhaustiveDependencies: a lazy client is taken once, and so is the server's state.
  const store = useMemo(() => createStore(client, initialState), [typeof client === 'function' || client])
  useInsertionEffect(() => {
    store.flush = flush
  })
  useEffect(() => store.hold(), [store])
  return createElement(StoreContext.Provider, { value: store }, children)
}

/** The store of the nearest provider. Throws `invalid` outside of one. */
export function useStore(): Store {
  const store = useContext(StoreContext)
  if (store) return store
  throw new MessagingError('invalid', 'No <SpanwireProvider> around.')
}

/**
 * The client itself, for verbs that have no hook: `consume(useClient(), jobs, ...)`. A lazy client is made by this call, so call it
 * only where one may be made: not on a server.
 */
export function useClient(): BareClient {
  return useStore().client()
}
