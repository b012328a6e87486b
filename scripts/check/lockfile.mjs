import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { env, root } from '../bootstrap.mjs'
import { capture } from '../exec.mjs'

/** The lockfile fits every package.json, and names no address: whoever installs chooses the registry. @param {string} pnpmFile */
export async function checkLockfile(pnpmFile) {
  const lines = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8').split('\n')
  const addresses = lines.flatMap((line, at) =>
    /https?:/.test(line) ? [`pnpm-lock.yaml:${at + 1} ${line.trim()}`] : [],
  )
  const args = [pnpmFile, 'install', '--frozen-lockfile', '--lockfile-only', '--offline']
  const frozen = await capture(process.execPath, args, { cwd: root, env })
  return {
    code: frozen.code || addresses.length,
    output: [...addresses, frozen.code === 0 ? '' : frozen.output].join('\n'),
  }
}
