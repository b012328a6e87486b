import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const home = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const tsup = join(dirname(require.resolve('tsup/package.json')), 'dist/cli-default.js')
let outDir = ''

beforeAll(async () => {
  outDir = await mkdtemp(join(tmpdir(), 'spanwire-react-'))
  await promisify(execFile)(process.execPath, [tsup, '--no-dts', '--out-dir', outDir], { cwd: home })
}, 60_000)

afterAll(() => rm(outDir, { recursive: true, force: true }))

describe('what is published', () => {
  it('marks every module as one for the client, before anything else', async () => {
    const files = (await readdir(outDir)).sort()
    expect(files).toEqual(['index.cjs', 'index.js', 'suspense.cjs', 'suspense.js'])
    for (const file of files) expect(await readFile(join(outDir, file), 'utf8')).toMatch(/^'use client'\n/)
  })

  it('has one context for both entries: suspense imports the other by its name', async () => {
    const suspense = await readFile(join(outDir, 'suspense.js'), 'utf8')
    expect(suspense).toMatch(/from ["']@spanwire\/react["']/)
    expect(suspense).not.toContain('createContext')
  })
})
