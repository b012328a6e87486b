import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as elapse } from 'node:timers/promises'
import { type Identity, runs, self } from './identity.js'

/** How often a file that another process holds is looked at again. */
const LOOK_MS = 100

let made = 0

/**
 * Makes `file` this process's own. `false`: a process that still runs has it. A file whose owner has ended is taken over,
 * by one of those that want it. Ends by removing the file, or with this process.
 */
export function claim(file: string): boolean {
  const own = `${file}.${self.pid}-${self.began}-${made++}`
  writeFileSync(own, JSON.stringify(self))
  try {
    return take(own, file)
  } finally {
    rmSync(own, { force: true })
  }
}

/** Runs `action` while no other process is within the same file's. `onWait` hears, once, whom we wait for. */
export async function exclusively<T>(
  file: string,
  action: () => Promise<T>,
  { onWait, signal }: { onWait(pid: number): void; readonly signal: AbortSignal },
): Promise<T> {
  for (let told = false; !claim(file); told = true) {
    if (!told) onWait(ownerOf(file)?.pid ?? 0)
    await elapse(LOOK_MS, undefined, { signal })
  }
  try {
    return await action()
  } finally {
    rmSync(file, { force: true })
  }
}

function take(own: string, file: string): boolean {
  if (linked(own, file)) return true
  const owner = ownerOf(file)
  if (owner !== undefined && runs(owner)) return false
  // Of several that find it dead one gets to rename it; who renamed a file that was just taken anew puts it back.
  const dead = `${own}.dead`
  if (!renamed(file, dead)) return false
  const buried = ownerOf(dead)
  if (buried !== undefined && runs(buried)) linked(dead, file)
  rmSync(dead, { force: true })
  return linked(own, file)
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function ownerOf(file: string): Identity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Identity
  } catch {
    return undefined
  }
}
