import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as elapse } from 'node:timers/promises'
import type { EngineNode } from '@spanwire/testkit/engines'

const PATIENCE_MS = 5_000
const AGAIN_MS = 10

/** SIGSTOP. Resolves when the node stands still: the signal takes its time, and meanwhile it would still answer. */
export async function stop(node: EngineNode): Promise<void> {
  node.hang()
  if (!existsSync('/proc/self/task')) return
  for (const until = Date.now() + PATIENCE_MS; !(await isStopped(node.pid)); await elapse(AGAIN_MS)) {
    if (Date.now() > until) throw new Error(`${node.name} does not stand still`)
  }
}

async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`)
  const states = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')))
  // The state follows the name, which may hold anything, and ends with the last bracket.
  return states.every((stat) => stat.slice(stat.lastIndexOf(')') + 2).startsWith('T'))
}
