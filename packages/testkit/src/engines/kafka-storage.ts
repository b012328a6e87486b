import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import type { Java } from './java.js'
import { javaCommand, TEMPLATE } from './kafka-program.js'
import { runProgram, tail } from './program.js'
import { tiedIfPossible } from './tied.js'

export interface Storage {
  /** The folder of the node, where the program is linked and `server.properties` is. */
  readonly dir: string
  readonly java: Java
  readonly program: string
  readonly clusterId: string
  readonly nodeId: number
  /** For Kafka's own formatter, which a copy of the template does not need to run: users for SCRAM. */
  readonly extra: readonly string[]
}

/** Where `log.dirs` points to. */
export const DATA = 'data'

/** An identity as Kafka writes them: 22 characters, none a dash at the front. */
export function newId(): string {
  return `A${randomBytes(16).toString('base64url').slice(1)}`
}

/** Formats the node's data folder, unless it is. */
export async function formatOnce(storage: Storage): Promise<void> {
  if (existsSync(join(storage.dir, DATA, 'meta.properties'))) return
  if (storage.extra.length > 0) return await format(storage)
  // What is cut off in the middle must not look formatted.
  const half = join(storage.dir, `${DATA}.new`)
  await rm(half, { recursive: true, force: true })
  await mkdir(half)
  await cp(join(storage.program, TEMPLATE), half, { recursive: true })
  const { clusterId, nodeId } = storage
  const lines = ['version=1', `cluster.id=${clusterId}`, `node.id=${nodeId}`, `directory.id=${newId()}`]
  await writeFile(join(half, 'meta.properties'), `${lines.join('\n')}\n`)
  await rename(half, join(storage.dir, DATA))
}

/** By Kafka's own formatter, which starts a Java for it. */
export async function format({ dir, java, program, clusterId, extra }: Storage): Promise<void> {
  const args = ['format', '--cluster-id', clusterId, '--config', 'server.properties', ...extra]
  const command = javaCommand({ java, program, flags: ['-Xmx96m'], main: 'kafka.tools.StorageTool', args })
  const { code, output } = await runProgram(tiedIfPossible(command), { cwd: dir })
  if (code !== 0) throw new MessagingError('unavailable', `Kafka could not format ${dir}:\n${tail(output)}`)
}
