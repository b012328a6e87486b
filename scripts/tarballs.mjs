/** What users would install: every published package as `pnpm publish` would send it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pnpmFile } from './bootstrap.mjs'
import { capture } from './exec.mjs'
import { publishedPackages } from './packages.mjs'

/** @typedef {{ name: string, file: string }} Tarball */

/**
 * Packs all packages into a temporary folder, which is gone when `use` has ended. Needs a build.
 *
 * @template T @param {(tarballs: Tarball[]) => Promise<T>} use @returns {Promise<T>}
 */
export async function withTarballs(use) {
  const folder = mkdtempSync(join(tmpdir(), 'spanwire-tarballs-'))
  try {
    return await use(await Promise.all(publishedPackages().map((each) => pack(each, folder))))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {import('./packages.mjs').Package} each @param {string} into @returns {Promise<Tarball>} */
async function pack({ name, folder, version }, into) {
  // npm's own pack would leave `workspace:^` in the package.
  const { code, output } = await capture(process.execPath, [pnpmFile, 'pack', '--pack-destination', into], {
    cwd: folder,
  })
  if (code !== 0) throw new Error(`pnpm could not pack ${name}:\n${output}`)
  return { name, file: join(into, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`) }
}
