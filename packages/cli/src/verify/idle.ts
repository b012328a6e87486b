import type { Run } from './run.js'

/** Ends the run when so long nothing happened. `last`: when something did, by `performance.now()`. */
export function idleEnd(idleMs: number | undefined, last: () => number, { end, signal }: Run): void {
  if (idleMs === undefined || signal.aborted) return
  const look = (): void => {
    const left = idleMs - (performance.now() - last())
    if (left <= 0) end()
    else timer = setTimeout(look, left)
  }
  let timer = setTimeout(look, idleMs)
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
}
