import { readFileSync } from 'node:fs'

/** Which process: its number alone is given out again once it has ended. */
export interface Identity {
  readonly pid: number
  /** When it began, as the system counts; 0 where that cannot be read, and then the number alone decides. */
  readonly began: number
}

/** The process that has this number now, if there is one. */
function identify(pid: number): Identity | undefined {
  const began = beganAt(pid)
  if (began !== 'unknown') return began === undefined ? undefined : { pid, began }
  return signalable(pid) ? { pid, began: 0 } : undefined
}

export const self: Identity = identify(process.pid) ?? { pid: process.pid, began: 0 }

/** Whether this very process still runs. */
export function runs(identity: Identity): boolean {
  return identify(identity.pid)?.began === identity.began
}

/** Field 22 of /proc/PID/stat; `undefined`: no such process, or it has ended and waits for its parent to ask. */
function beganAt(pid: number): number | undefined | 'unknown' {
  if (process.platform !== 'linux') return 'unknown'
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is a name in parentheses that may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : Number(fields[19])
  } catch {
    return undefined
  }
}

function signalable(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
