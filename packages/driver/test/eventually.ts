import { setTimeout as elapse } from 'node:timers/promises'

const AGAIN_MS = 20

/** Asks again until it holds; what the question throws counts as no, and is told when time is up. */
export async function eventually(what: string, holds: () => Promise<boolean>, ms: number): Promise<void> {
  let last: unknown
  for (const until = Date.now() + ms; Date.now() < until; await elapse(AGAIN_MS)) {
    try {
      if (await holds()) return
    } catch (error) {
      last = error
    }
  }
  throw new Error(`${what}: not so within ${ms} ms`, { cause: last })
}
