/** Where the browser tests find their browser. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { capture, fail } from './exec.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const missing = 'no Chromium (set CHROMIUM_PATH or apt-get install chromium)'

/** The browser's path: CHROMIUM_PATH, else the first one on PATH. @returns {string | undefined} */
export function findChromium() {
  const given = process.env['CHROMIUM_PATH']
  if (given) return given
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram)
}

/**
 * Finds Chromium, or installs Debian's where we may. Without one the browser tests are skipped and say why; where
 * skipping would hide a failure (CI) this ends the run.
 *
 * @returns {Promise<NodeJS.ProcessEnv>} what tests get in their environment.
 */
export async function provideChromium() {
  const found = findChromium() ?? (await installed())
  if (found !== undefined) return { CHROMIUM_PATH: found }
  if (process.env['CI']) fail(`browser tests cannot run: ${missing}`)
  console.log(`browser tests skipped: ${missing}`)
  return {}
}

async function installed() {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return undefined
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const packages = ['chromium', 'fonts-dejavu-core']
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    console.log(`apt-get ${args.join(' ')}`)
    const { code, output } = await capture('apt-get', args, { env }).catch(() => ({ code: 1, output: 'no apt-get' }))
    if (code === 0) continue
    console.error(output.trim().split('\n').slice(-3).join('\n'))
    return undefined
  }
  return findChromium()
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
