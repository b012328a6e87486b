/**
 * When readers are told what changed. `frame`: once per animation frame, and 4 times a second while the page is hidden
 * and has no frames. `microtask`: as soon as the running code returns. `hz`: at most so many times a second.
 */
export type Flush = 'frame' | 'microtask' | { readonly hz: number }

/** Runs `work` in the next pass. Work that already waits for it is not added again, so the wait is bounded by who may ask. */
export type Later = (work: () => void) => void

/** Frames stop on a hidden page; this timer goes on. */
const HIDDEN_MS = 250

/** Gathers work and runs all of it in one pass. `rate` is asked for each pass anew, default `frame`. */
export function createLater(rate: () => Flush | undefined): Later {
  let waiting = new Set<() => void>()
  const run = (): void => {
    const works = waiting
    waiting = new Set()
    for (const work of works) work()
  }
  return (work) => {
    if (waiting.size === 0) arm(rate(), run)
    waiting.add(work)
  }
}

function arm(rate: Flush | undefined, run: () => void): void {
  if (rate === 'microtask') queueMicrotask(run)
  else if (typeof rate === 'object') setTimeout(run, 1000 / rate.hz)
  else nextFrame(run)
}

function nextFrame(run: () => void): void {
  const timer = setTimeout(() => {
    globalThis.cancelAnimationFrame?.(frame)
    run()
  }, HIDDEN_MS)
  const frame = globalThis.requestAnimationFrame?.(() => {
    clearTimeout(timer)
    run()
  })
}
