import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeFolder } from '../../src/engines/make-folder.js'

function base(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanwire-make-folder-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

describe('a folder for what a launcher keeps', () => {
  it('is made with those above it, and taken as it is when it is there', () => {
    const folder = join(base(), 'a/b/c')
    makeFolder(folder, 0o700)
    makeFolder(folder, 0o755)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  it('is told with its name where a file stands in its way', () => {
    const file = join(base(), 'file')
    writeFileSync(file, '')
    for (const folder of [file, join(file, 'a/b')]) {
      expect(() => makeFolder(folder)).toThrowError(`the folder ${folder} cannot be made: E`)
    }
  })

  it.runIf(existsSync('/proc/self'))('is told with its name where the system takes none', () => {
    expect(() => makeFolder('/proc/spanwire/a/b')).toThrowError('the folder /proc/spanwire/a/b cannot be made: ')
  })
})
