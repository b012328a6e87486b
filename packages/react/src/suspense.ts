import { MessagingError, type OutputOf, type ParamsOf, pathOf, type Topic } from '@spanwire/core'
// Not by path: a copy of the context in this entry's bundle would know no provider.
import { type Latest, type LatestOptions, useInternalBoards, useLatest } from '@spanwire/react'
import { createElement, type ReactNode, Suspense, useMemo, useSyncExternalStore } from 'react'
import { firstOf } from './store/first.js'
import { STALE } from './store/progress.js'

/** A {@link Latest} that has a value. After a removal it is the last one, `stale`. */
export type Present<Value> = Latest<Value> & { readonly value: Value }

/**
 * As `useLatest`, and suspends until the row has its first value, never again for that row: not on reconnect, failover or removal. Throws
 * to the error boundary what makes a first value impossible. On a server it gives the value of `initialState`, or throws so
 * that React renders the fallback; {@link LiveSuspense} renders the fallback there without an error.
 */
export function useLatestSuspense<C extends Topic, Selected = OutputOf<C>>(
  topic: C,
  params: ParamsOf<C>,
  options: Omit<LatestOptions<OutputOf<C>, Selected>, 'enabled'> = {},
): Present<Selected> {
  const boards = useInternalBoards()
  const latest = useLatest(topic, params, options)
  if (latest.error && !latest.site) throw latest.error
  const path = pathOf(topic, params)
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was there is another row's when these change.
  const keep = useMemo(() => keepLast<Selected>(), [boards, topic, path])
  const onPage = useOnPage()
  const present = keep(latest)
  if (present) return present
  if (!onPage)
    throw new MessagingError(
      'invalid',
      `useLatestSuspense cannot wait for ${topic.name} on a server: give the provider an initialState, or put the component into <LiveSuspense>.`,
    )
  throw firstOf(boards, { topic, filter: { ...params }, path, single: true, maxRate: options.maxRate })
}

/** A Suspense boundary that waits on pages only: on a server, and until the page is hydrated, it renders the fallback. */
export function LiveSuspense({
  fallback,
  children,
}: {
  readonly fallback: ReactNode
  readonly children: ReactNode
}): ReactNode {
  return useOnPage() ? createElement(Suspense, { fallback }, children) : fallback
}

/** `false` on a server and while its HTML is taken over. */
function useOnPage(): boolean {
  return useSyncExternalStore(
    nothing,
    () => true,
    () => false,
  )
}

const nothing = () => () => {}

/** Gives what has a row; when the row goes, the last one it had. The same object while nothing changes. */
function keepLast<Value>(): (latest: Latest<Value>) => Present<Value> | undefined {
  let last: Present<Value> | undefined
  return (latest) => {
    // A row always says which site it is from, and then its value is the topic's, whatever that is.
    if (latest.site !== undefined) last = latest as Present<Value>
    else if (last && last.status !== 'stale') last = { ...last, ...STALE }
    return last
  }
}
