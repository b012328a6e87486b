import { readdirSync } from 'node:fs'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Java } from './java.js'

/** What is in the folder of the installed program. */
export const LIB = 'lib'
export const ARCHIVE = 'app.jsa'
export const LOGGING = 'log4j2.properties'
export const TEMPLATE = 'template'

/** In the folder of a node: the installed program. The archive of classes is only taken if their path is the same each time. */
const PROGRAM = 'program'

/** Half a second of compiling and a third of the memory less than by default; a broker of tests is not one of many threads. */
const SPARING = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xss512k', '-XX:-UsePerfData']

export const BROKER_HEAP: readonly string[] = ['-Xms32m', '-Xmx192m']

export interface JavaCommand {
  readonly java: Java
  /** The folder of the installed program. */
  readonly program: string
  readonly flags: readonly string[]
  readonly main: string
  readonly args: readonly string[]
}

/** To be run in a folder that {@link linkProgram} was called for. */
export function javaCommand({ java, program, flags, main, args }: JavaCommand): readonly string[] {
  const jars = readdirSync(join(program, LIB)).filter((name) => name.endsWith('.jar'))
  const path = jars.sort().map((name) => join(PROGRAM, LIB, name))
  const settings = [`-Dlog4j2.configurationFile=${join(PROGRAM, LOGGING)}`, '-Djava.io.tmpdir=.']
  return [java.file, ...flags, ...SPARING, ...settings, '-cp', path.join(':'), main, ...args]
}

/** Flags that take the archive; one that does not fit is left aside by Java. */
export const withArchive: readonly string[] = [`-XX:SharedArchiveFile=${join(PROGRAM, ARCHIVE)}`, '-Xshare:auto']

export async function linkProgram(program: string, dir: string): Promise<void> {
  await symlink(program, join(dir, PROGRAM)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
