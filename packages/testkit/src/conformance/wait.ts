/**
 * Bounds a wait: rejects with a sentence that says what was waited for. Not a sleep: it ends as soon as the promise does.
 */
export async function within<T>(what: string, promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Asks again until it holds; for what cannot be awaited, such as counters of the operating system. */
export async function eventually(what: string, holds: () => Promise<boolean>, ms: number): Promise<void> {
  const until = Date.now() + ms
  while (!(await holds())) {
    if (Date.now() > until) throw new Error(`${what}: not so within ${ms} ms`)
    await elapse(10)
  }
}

/** One turn of the event loop: everything that was ready has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

/** Longer than promises take to settle one after the other, and nothing of the outside is heard meanwhile. */
export async function microtasks(): Promise<void> {
  for (let left = 50; left > 0; left--) await Promise.resolve()
}

/** Only where time itself is the subject: a lease, a beat, an expiry, a window in which nothing may happen. */
export function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export type Seen<T> =
  | { readonly at: 'pending' }
  | { readonly at: 'fulfilled'; readonly value: T }
  | { readonly at: 'rejected'; readonly error: unknown }

export interface Observed<T> {
  readonly promise: Promise<T>
  seen(): Seen<T>
}

/** A promise whose state can be read; a rejection is not unhandled. */
export function observe<T>(promise: Promise<T>, onSettled: () => void = () => {}): Observed<T> {
  let seen: Seen<T> = { at: 'pending' }
  promise.then(
    (value) => {
      seen = { at: 'fulfilled', value }
      onSettled()
    },
    (error: unknown) => {
      seen = { at: 'rejected', error }
      onSettled()
    },
  )
  return { promise, seen: () => seen }
}
