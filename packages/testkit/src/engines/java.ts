import { join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { findProgram, runProgram } from './program.js'

export interface Java {
  readonly file: string
  /** As it calls itself: `17.0.15`. */
  readonly version: string
}

/** What Kafka 4 runs on. */
const MIN_JAVA = 17

/** The one of JAVA_HOME, else of PATH. */
export async function findJava(): Promise<Java> {
  const home = process.env['JAVA_HOME']
  const file = findProgram(...(home ? [join(home, 'bin/java')] : []), 'java')
  if (file === undefined) throw noJava('none is here')
  const { output } = await runProgram([file, '-version'])
  const version = /version "([\d._]+)/.exec(output)?.[1] ?? ''
  if (Number.parseInt(version, 10) >= MIN_JAVA) return { file, version }
  throw noJava(`${file} is ${version === '' ? 'none' : version}`)
}

function noJava(why: string): MessagingError {
  return new MessagingError(
    'capability',
    `kafka needs Java ${MIN_JAVA} or newer on PATH or in JAVA_HOME, and ${why}. Debian: apt-get install openjdk-17-jre-headless`,
  )
}
