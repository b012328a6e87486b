import { setTimeout as elapse } from 'node:timers/promises'

type State = 'resolved' | 'rejected' | 'open'

/** Watches these from now on. The function tells after so long at most, by name, which are settled. */
export function settling(
  waits: Readonly<Record<string, Promise<unknown>>>,
): (withinMs: number) => Promise<Readonly<Record<string, State>>> {
  const states: Record<string, State> = {}
  const all = Promise.all(
    Object.entries(waits).map(([name, wait]) => {
      states[name] = 'open'
      return wait.then(
        () => {
          states[name] = 'resolved'
        },
        () => {
          states[name] = 'rejected'
        },
      )
    }),
  )
  return async (withinMs) => {
    const giveUp = new AbortController()
    await Promise.race([all, elapse(withinMs, undefined, { signal: giveUp.signal })])
    giveUp.abort()
    return { ...states }
  }
}
