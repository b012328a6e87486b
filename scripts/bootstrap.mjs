/** From a fresh clone to a workspace in which anything can run. Needs Node and npm, and no installed package. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { capture, fail, run } from './exec.mjs'

export const root = fileURLToPath(new URL('..', import.meta.url))

// `packageManager` pins a hash for corepack's sake, which npm does not read.
const packageManager = String(JSON.parse(readText('package.json')).packageManager)
const pnpmVersion = packageManager.replace(/^pnpm@/, '').replace(/\+.*$/, '')
const pnpmHome = join(root, '.tools', `pnpm-${pnpmVersion}`)
export const pnpmFile = join(pnpmHome, 'node_modules/pnpm/bin/pnpm.cjs')
const turbo = join(root, 'node_modules/.bin/turbo')
/** Several times as fast as the compiler that bundles declarations, and that packed packages are checked with. */
export const tsc = join(root, 'node_modules/typescript7/bin/tsc')
const stampFile = join(root, 'node_modules/.stamp')

/** Turbo finds its tools by absolute paths only; none of the tools reports home. */
export const env = {
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), join(pnpmHome, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(
    delimiter,
  ),
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
  npm_config_update_notifier: 'false',
}

/** Makes node_modules match the lockfile; does nothing when it already does. @param {Where} [where] */
export async function prepare(where = {}) {
  checkNode()
  await providePnpm(where)
  const stamp = stampNow()
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  // CI=true: pnpm then never asks whether it may replace node_modules.
  const code = await pnpm(['install', '--frozen-lockfile', '--prefer-offline', '--reporter=append-only'], {
    ...where,
    env: { CI: 'true' },
  })
  if (code !== 0) {
    fail('The dependencies could not be installed. If a package.json was changed, run `npm run pnpm -- install`.')
  }
  writeFileSync(stampFile, stamp)
}

/** @typedef {import('./exec.mjs').Aloud} Where */

/** @param {readonly string[]} args @param {Where} [where] its `env` is added to ours. @returns {Promise<number>} */
export async function pnpm(args, where = {}) {
  checkNode()
  await providePnpm(where)
  const argv = [pnpmFile, ...args]
  return (await run(process.execPath, argv, { cwd: root, ...where, env: { ...env, ...where.env } })).code
}

/** Builds through turbo's cache, or ends this program. Without filters: everything. @param {readonly string[]} filters @param {Where} [where] */
export async function build(filters = [], where = {}) {
  const { code } = await run(turbo, buildArguments(filters), { cwd: root, ...where, env })
  if (code !== 0) process.exit(code)
}

/** The same, as the verdict of a check. */
export function tryBuild() {
  return capture(turbo, buildArguments(), { cwd: root, env })
}

/** @param {readonly string[]} filters */
function buildArguments(filters = []) {
  const chosen = filters.map((filter) => `--filter=${filter}`)
  return ['run', 'build', '--output-logs=errors-only', '--log-order=grouped', ...chosen]
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  fail(`Spanwire needs Node 20.19 or newer; this is Node ${process.versions.node} (${process.execPath}).`)
}

/** @param {Where} where */
async function providePnpm(where) {
  if (existsSync(pnpmFile)) return
  const flags = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error']
  const args = ['install', '--prefix', pnpmHome, ...flags, `pnpm@${pnpmVersion}`]
  const { code } = await run('npm', args, { cwd: root, ...where, env, shell: process.platform === 'win32' })
  if (code !== 0) fail(`npm could not fetch pnpm ${pnpmVersion}. Is the registry reachable? (npm config get registry)`)
}

function stampNow() {
  const hash = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch} ${packageManager}`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readText(file))
  return hash.digest('hex')
}

/** @param {string} file */
function readText(file) {
  return readFileSync(join(root, file), 'utf8')
}
