import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { eventually } from './eventually.js'

/** SIGSTOP. Resolves when the process stands still: the signal takes its time, and meanwhile it would still answer. */
export async function stop(node: { readonly pid: number; hang(): void }): Promise<void> {
  node.hang()
  if (existsSync('/proc/self/task')) await eventually('the server stands still', () => isStopped(node.pid), 5_000)
}

async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`)
  const states = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8')))
  // The state follows the name, which may hold anything, and ends with the last bracket.
  return states.every((stat) => stat.slice(stat.lastIndexOf(')') + 2).startsWith('T'))
}
