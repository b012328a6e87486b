import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Broker } from './broker.js'

const CLEAN = 'stopped'

/** Says to the next run that this one was not killed. */
export function markClean(dir: string): void {
  writeFileSync(join(dir, CLEAN), '')
}

/**
 * All seats that were not left come back as ghosts; but after SIGKILL not the one of a queue that was consumed before and
 * had a single poller that held nothing (5.3: in three of three).
 */
export function dispelGhosts(broker: Broker, dir: string): void {
  const file = join(dir, CLEAN)
  const wasClean = existsSync(file)
  rmSync(file, { force: true })
  if (wasClean) return
  for (const group of broker.queues.groups) {
    const [seat] = group.seats
    const isSingle = seat !== undefined && group.seats.size === 1
    if (isSingle && seat.held.size === 0 && group.next > 1) group.leave(seat)
  }
}
