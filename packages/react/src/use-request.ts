import type { InputOf, MessagingError, ReplyOf, RequestOptions, Rpc, WithParams } from '@spanwire/core'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useStore } from './provider.js'
import { failure } from './store/failure.js'

/** `idle`: nothing asked yet. While `loading` and after an `error` the last reply stays in `value`. */
interface Asked<Reply> {
  readonly status: 'idle' | 'loading' | 'done' | 'error'
  readonly value: Reply | undefined
  readonly error: MessagingError | undefined
}

export interface Asking<C> extends Asked<ReplyOf<C>> {
  /** Asks now, and shows how it goes. Resolves and rejects as `client.request`; goes on when the component unmounts. Stable. */
  readonly call: (query: InputOf<C>, ...rest: WithParams<C, RequestOptions>) => Promise<ReplyOf<C>>
  /** Asks the rendered query again. Does nothing without one. Stable. */
  readonly refetch: () => void
}

/** Of {@link useRequest} with a query. `enabled: false` asks nothing. */
export type AskOptions = Omit<RequestOptions, 'signal'> & { readonly enabled?: boolean }

const IDLE = { status: 'idle', value: undefined, error: undefined } as const

/**
 * Asks for a reply and shows the last one. With a `query` it asks at mount and whenever the query or the options say something
 * else (compared as JSON), and cancels when they do or the component unmounts; `undefined` or `enabled: false` asks nothing. Without
 * one it asks when `call` is called: orders, and whatever must happen once. The newest question wins.
 */
export function useRequest<C extends Rpc>(rpc: C): Asking<C>
export function useRequest<C extends Rpc>(
  rpc: C,
  query: InputOf<C> | undefined,
  ...rest: WithParams<C, AskOptions>
): Asking<C>
export function useRequest<C extends Rpc>(
  rpc: C,
  query?: InputOf<C>,
  ...[{ enabled = true, ...options } = {}]: readonly AskOptions[]
): Asking<C> {
  const [asked, call] = useCall(rpc)
  const [round, setRound] = useState(0)
  const text = enabled && query !== undefined ? JSON.stringify([query, options]) : undefined
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text says all that counts of query and options; a round asks again.
  useEffect(() => {
    if (text === undefined) return
    const { signal, abort } = abortable()
    // The overload saw to it that parameters are there when they must be.
    const rest = [{ ...options, signal }] as unknown as WithParams<C, RequestOptions>
    // A double effect asks once: what is taken back in the same task was never asked.
    queueMicrotask(() => {
      // How it ended is in the state.
      if (!signal.aborted) call(query as InputOf<C>, ...rest).catch(() => {})
    })
    return abort
  }, [call, text, round])
  const refetch = useCallback(() => setRound((before) => before + 1), [])
  return useMemo(() => ({ ...asked, call, refetch }), [asked, call, refetch])
}

function useCall<C extends Rpc>(rpc: C): readonly [Asked<ReplyOf<C>>, Asking<C>['call']] {
  const store = useStore('useRequest')
  const [asked, setAsked] = useState<Asked<ReplyOf<C>>>(IDLE)
  const newest = useRef(0)
  const call = useCallback(
    async (query: InputOf<C>, ...rest: WithParams<C, RequestOptions>): Promise<ReplyOf<C>> => {
      newest.current += 1
      const turn = newest.current
      const show = (now: (before: Asked<ReplyOf<C>>) => Asked<ReplyOf<C>>): void => {
        if (turn === newest.current && !rest[0]?.signal?.aborted) setAsked(now)
      }
      show(({ value }) => ({ status: 'loading', value, error: undefined }))
      try {
        const value = await store.client().request(rpc, query, ...rest)
        show(() => ({ status: 'done', value, error: undefined }))
        return value
      } catch (error) {
        show(({ value }) => ({ status: 'error', value, error: failure(error) }))
        throw error
      }
    },
    [store, rpc],
  )
  return [asked, call]
}

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
