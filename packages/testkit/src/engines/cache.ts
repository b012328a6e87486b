import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { MessagingError } from '@spanwire/driver'
import { exclusively } from './claim.js'
import { cacheFolder } from './folders.js'
import { makeFolder } from './make-folder.js'
import type { Work } from './work.js'

/** How often a long step says that it goes on. */
const STILL_MS = 10_000

/** One kind of program in the cache: `<cache>/<family>/<version><variant>/<program>`. */
export interface Cached {
  readonly family: string
  readonly program: string
  /** What the folder's name ends with, so that variants of one version stand side by side. */
  readonly variant: string
  /** Of the wanted program; absent: whichever is there, and the newest that can be had if none is. */
  readonly version?: string
  /** Makes the program in an empty folder. Gives the file in it, which is named `program`. */
  make(staging: string, work: Work): Promise<string>
  /** What the program says of itself. */
  versionOf(file: string): Promise<string>
  /** What is written down of it and compared later. Default: the SHA-256 of the file; a program that is a folder needs its own. */
  sumOf?(file: string): Promise<string>
}

export interface Found {
  readonly path: string
  readonly version: string
}

/** The cached program, made first if it is missing or not what was put there. */
export async function provide(wanted: Cached, work: Work): Promise<Found> {
  const found = await present(wanted, work)
  if (found !== undefined) return found
  const family = familyFolder(wanted)
  makeFolder(family)
  const lock = join(family, `.lock${wanted.variant}`)
  const onWait = (pid: number): void => work.log(`process ${pid} is installing ${wanted.program}; waiting for it`)
  const install = async (): Promise<Found> => (await present(wanted, work)) ?? (await make(wanted, family, work))
  return await exclusively(lock, install, { onWait, signal: work.signal })
}

/** The cached program, if it is there and whole. */
export async function present(wanted: Cached, work: Work): Promise<Found | undefined> {
  const family = familyFolder(wanted)
  const names = existsSync(family) ? await readdir(family) : []
  const endsRight = names.filter((name) => !name.startsWith('.') && name.endsWith(wanted.variant))
  const folder = endsRight
    .sort()
    .find((name) => wanted.version === undefined || name === wanted.version + wanted.variant)
  if (folder === undefined) return undefined
  const path = join(family, folder, wanted.program)
  if (await isWhole(path, wanted)) return { path, version: folder.slice(0, folder.length - wanted.variant.length) }
  work.log(`${path} is not what was installed there: making it again`)
  return undefined
}

function familyFolder({ family }: Cached): string {
  return join(cacheFolder(), family)
}

async function make(wanted: Cached, family: string, work: Work): Promise<Found> {
  // Ours is the lock, so what stands there is of a process that was ended.
  const staging = join(family, `.new${wanted.variant}`)
  await rm(staging, { recursive: true, force: true })
  await mkdir(staging)
  const stopTelling = tellWhileItLasts(`still making ${wanted.program}`, work)
  try {
    const made = await wanted.make(staging, work)
    const version = await wanted.versionOf(made)
    if (wanted.version !== undefined && version !== wanted.version) throw wrongVersion(wanted, version)
    return { version, path: await keep(wanted, made, join(family, version + wanted.variant)) }
  } finally {
    stopTelling()
    await rm(staging, { recursive: true, force: true })
  }
}

/** Moves the program to its place in one step, so that nobody finds half of it. */
async function keep(wanted: Cached, made: string, folder: string): Promise<string> {
  const program = basename(made)
  const ready = join(dirname(made), '.ready')
  await mkdir(ready)
  await rename(made, join(ready, program))
  await chmod(join(ready, program), 0o755)
  await writeFile(sumFile(join(ready, program)), `${await sumOf(wanted, join(ready, program))}  ${program}\n`)
  await rm(folder, { recursive: true, force: true })
  await rename(ready, folder)
  return join(folder, program)
}

const seen = new Map<string, string>()

/** The file is the one whose sum was written down; read again only when it changed since this process last looked. */
async function isWhole(path: string, wanted: Cached): Promise<boolean> {
  if (!existsSync(path) || !existsSync(sumFile(path))) return false
  const { size, mtimeMs, ino } = await stat(path)
  const state = `${size} ${mtimeMs} ${ino}`
  if (seen.get(path) === state) return true
  const [written] = (await readFile(sumFile(path), 'utf8')).split(' ')
  if (written !== (await sumOf(wanted, path))) return false
  seen.set(path, state)
  return true
}

function sumFile(path: string): string {
  return join(dirname(path), `${basename(path)}.sha256`)
}

async function sumOf(wanted: Cached, path: string): Promise<string> {
  return await (wanted.sumOf ?? sha256)(path)
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

function tellWhileItLasts(what: string, { log }: Work): () => void {
  const began = performance.now()
  const timer = setInterval(() => log(`${what} (${Math.round((performance.now() - began) / 1000)} s)`), STILL_MS)
  return () => clearInterval(timer)
}

function wrongVersion(wanted: Cached, version: string): MessagingError {
  return new MessagingError(
    'conflict',
    `${wanted.program} ${wanted.version} was asked for and ${version} was made: nothing was kept`,
  )
}
