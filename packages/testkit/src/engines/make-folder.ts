import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { MessagingError } from '@spanwire/driver'

/** Makes a folder and those above it, where they are missing, with this mode. Throws `unavailable`, which names it. */
export function makeFolder(path: string, mode: number = 0o777): void {
  try {
    make(path, mode)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const sentence = `the folder ${path} cannot be made: ${why}. SPANWIRE_ENGINES and TMPDIR say where such folders are`
    throw new MessagingError('unavailable', sentence, { cause })
  }
}

/** Not by `recursive`: with that Node tries for ever where a system lets nobody make folders, as in /proc. */
function make(path: string, mode: number): void {
  if (made(path, mode) === 'is there') return
  make(dirname(path), mode)
  if (made(path, mode) !== 'is there') throw new Error('the system takes none there')
}

function made(path: string, mode: number): 'is there' | 'missing above' {
  try {
    mkdirSync(path, mode)
    return 'is there'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' && dirname(path) !== path) return 'missing above'
    if (code === 'EEXIST' && statSync(path).isDirectory()) return 'is there'
    throw error
  }
}
