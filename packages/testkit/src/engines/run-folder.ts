import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { runsFolder } from './folders.js'
import { runs, self } from './identity.js'
import { makeFolder } from './make-folder.js'

const host = hostname().replaceAll(/[^A-Za-z0-9.]/g, '')

let made = 0

/** A folder for what one call starts. Its name says whose it is, so that it can be removed when that process is gone. */
export async function makeRunFolder(): Promise<string> {
  await removeAbandoned()
  const folder = join(runsFolder(), `${host}-${self.pid}-${self.began}-${++made}`)
  makeFolder(folder)
  return folder
}

/** Removes it with all in it, also while what a node writes at its very end still comes. */
export async function removeRunFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

/** Removes the folders of processes of this machine that have ended without doing so. Their nodes ended with them. */
async function removeAbandoned(): Promise<void> {
  for (const name of names()) {
    const [, where, pid, began] = /^(.*)-(\d+)-(\d+)-\d+$/.exec(name) ?? []
    if (where !== host || runs({ pid: Number(pid), began: Number(began) })) continue
    await removeRunFolder(join(runsFolder(), name))
  }
}

function names(): readonly string[] {
  try {
    return readdirSync(runsFolder())
  } catch {
    return []
  }
}
