import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const config = fileURLToPath(new URL('../vitest.react18.config.ts', import.meta.url))
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

/** One vitest has one React; so the same tests run once more in another one. */
function runTests(): Promise<{ readonly code: number | string | null; readonly output: string }> {
  return new Promise((resolve) => {
    const args = [vitest, 'run', '--config', config, '--reporter', 'dot']
    const env = { ...process.env, REACT_MAJOR: '18', NO_COLOR: '1' }
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, output: stdout + stderr })
    })
  })
}

it('passes every test of the hooks with React 18', { timeout: 180_000 }, async () => {
  const { code, output } = await runTests()
  expect(output).toMatch(/Tests +\d+ passed/)
  expect(code, output).toBe(0)
})
