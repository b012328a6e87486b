import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { ask } from './ask.js'
import { type Answer, DOOR_FILE, type Door, type RestartedNode } from './door.js'
import { runsFolder } from './folders.js'

/** How long a launcher has; a node may take 30 s to be ready. */
const RESTART_MS = 60_000

/** Asks the launcher of the node that had this process to start it again. Resolves when it is ready. */
export async function askForRestart(pid: number): Promise<RestartedNode> {
  for (const { port, secret } of doors()) {
    const question = { method: 'POST', headers: { authorization: secret }, timeoutMs: RESTART_MS }
    // A launcher that is gone gives none.
    const { body } = await ask<Answer>(port, `/${pid}`, question)
    if (body?.at === 'restarted') return body.node
    if (body?.at === 'failed') throw new MessagingError('conflict', body.why)
  }
  throw new MessagingError(
    'not-found',
    `no launcher that runs has started process ${pid} (looked in ${runsFolder()}): the line that "up" prints names the processes, and nodes end with their launcher`,
  )
}

function doors(): readonly Door[] {
  try {
    return readdirSync(runsFolder()).flatMap((name) => doorOf(join(runsFolder(), name, DOOR_FILE)))
  } catch {
    return []
  }
}

/** None for what was started by a program of its own, or is being removed. */
function doorOf(file: string): readonly Door[] {
  try {
    return [JSON.parse(readFileSync(file, 'utf8')) as Door]
  } catch {
    return []
  }
}
