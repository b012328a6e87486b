import { existsSync, readFileSync } from 'node:fs'
import type { Checkpoint } from '@spanwire/core'

interface Entry extends Partial<Checkpoint> {
  readonly event?: number
  readonly job?: number
}

export interface Journal {
  readonly events: readonly number[]
  readonly jobs: readonly number[]
  readonly checkpoint: Checkpoint | undefined
}

/** All that was written whole: a line that a kill cut off has had no effect. */
export function readJournal(file: string): Journal {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
  const entries = lines.map((line): Entry => JSON.parse(line))
  const checkpoint = entries.findLast((one) => one.checkpoint !== undefined)?.checkpoint
  return {
    events: entries.flatMap(({ event }) => event ?? []),
    jobs: entries.flatMap(({ job }) => job ?? []),
    checkpoint: checkpoint === undefined ? undefined : { checkpoint },
  }
}
