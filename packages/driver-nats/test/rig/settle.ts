import { setTimeout as elapse } from 'node:timers/promises'

/** Which of these are settled within the time, by name; the others are still open. */
export async function settledWithin(
  ms: number,
  waits: Readonly<Record<string, Promise<unknown>>>,
): Promise<Readonly<Record<string, 'resolved' | 'rejected' | 'open'>>> {
  const states: Record<string, 'resolved' | 'rejected' | 'open'> = {}
  const all = Object.entries(waits).map(([name, wait]) => {
    states[name] = 'open'
    return wait.then(
      () => {
        states[name] = 'resolved'
      },
      () => {
        states[name] = 'rejected'
      },
    )
  })
  const giveUp = new AbortController()
  await Promise.race([Promise.all(all), elapse(ms, undefined, { signal: giveUp.signal })])
  giveUp.abort()
  return { ...states }
}
