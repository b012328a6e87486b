import {
  type InputOf,
  type MessagingError,
  type ReplyOf,
  type RequestOptions,
  type Rpc,
  request,
  type WithParams,
} from '@spanwire/core'
import { useEffect, useMemo, useState } from 'react'
import { useStore } from './provider.js'
import { failed, IDLE, LOADING } from './store/progress.js'

/** `idle`: nothing asked yet. While `loading` and after an `error` the last reply stays in `value`. */
interface Asked<Reply> {
  readonly status: 'idle' | 'loading' | 'done' | 'error'
  readonly value: Reply | undefined
  readonly error: MessagingError | undefined
}

export interface Asking<C> extends Asked<ReplyOf<C>> {
  /**
   * Asks now, perhaps once more, and shows how it goes. Resolves and rejects as `request`; goes on when the component
   * unmounts. Stable.
   */
  readonly call: (query: InputOf<C>, ...rest: WithParams<C, RequestOptions>) => Promise<ReplyOf<C>>
}

/**
 * Asks for a reply and shows the last one. With a `query` it asks at mount and whenever the query or the options say something
 * else (compared as JSON), and cancels when they do or the component unmounts; `undefined` asks nothing. Without one it asks when
 * `call` is called: orders, and whatever must happen once. The newest question wins.
 */
export function useRequest<C extends Rpc>(rpc: C): Asking<C>
export function useRequest<C extends Rpc>(
  rpc: C,
  query: InputOf<C> | undefined,
  ...options: WithParams<C, Omit<RequestOptions, 'signal'>>
): Asking<C>
export function useRequest<C extends Rpc>(rpc: C, query?: InputOf<C>, options?: RequestOptions): Asking<C> {
  const [asked, call] = useCall(rpc)
  const text = query !== undefined && JSON.stringify([query, options])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text says all that counts of query and options.
  useEffect(() => {
    if (!text) return
    const stop = new AbortController()
    const { signal } = stop
    // The overload saw to it that parameters are there when they must be.
    const rest = [{ ...options, signal }] as unknown as WithParams<C, RequestOptions>
    // A double effect asks once: what is taken back in the same task was never asked. How it ended is in the state.
    queueMicrotask(() => {
      if (!signal.aborted) call(query as InputOf<C>, ...rest).catch(() => {})
    })
    return () => stop.abort()
  }, [call, text])
  return { ...asked, call }
}

function useCall<C extends Rpc>(rpc: C): readonly [Asked<ReplyOf<C>>, Asking<C>['call']] {
  const store = useStore()
  const [asked, setAsked] = useState<Asked<ReplyOf<C>>>({ ...IDLE, value: undefined })
  const call = useMemo(() => {
    let newest: Promise<ReplyOf<C>> | undefined
    return (query: InputOf<C>, ...rest: WithParams<C, RequestOptions>): Promise<ReplyOf<C>> => {
      const show = (now: Partial<Asked<ReplyOf<C>>>): void => {
        if (newest === reply && !rest[0]?.signal?.aborted) setAsked(({ value }) => ({ ...LOADING, value, ...now }))
      }
      const reply = (async () => request(store.client(), rpc, query, ...rest))()
      newest = reply
      show({})
      reply.then(
        (value) => show({ status: 'done', value }),
        (error) => show(failed(error)),
      )
      return reply
    }
  }, [store, rpc])
  return [asked, call]
}
