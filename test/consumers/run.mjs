/** `npm run test:consumers`: the packed packages, installed where no workspace is, used as their users would. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { env, pnpmFile, root } from '../../scripts/bootstrap.mjs'
import { capture, fail } from '../../scripts/exec.mjs'
import { withTarballs } from '../../scripts/tarballs.mjs'

const cases = fileURLToPath(new URL('cases', import.meta.url))

/** @type {{ guarantee: string, argv: string[], says?: RegExp }[]} */
const uses = [
  { guarantee: 'an ES module publishes and receives', argv: ['esm.mjs'], says: /received 3/ },
  { guarantee: 'a CommonJS module publishes and receives', argv: ['cjs.cjs'], says: /received 3/ },
  { guarantee: 'both copies in one process know each other’s errors', argv: ['both.mjs'], says: /known twice/ },
  { guarantee: 'every package can be imported and required', argv: ['every.mjs'], says: /loaded/ },
  { guarantee: 'TypeScript node16 checks ES modules and CommonJS, libraries included', argv: tsc('node16') },
  { guarantee: 'TypeScript bundler checks a page with the libraries of ES2022 and the DOM', argv: tsc('bundler') },
  {
    guarantee: 'Vite builds a page, with nothing of Node in it',
    argv: ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn'],
    says: /^(?!.*externalized)/s,
  },
]

/** @param {string} resolution */
function tsc(resolution) {
  return ['node_modules/typescript/bin/tsc', '-p', `tsconfig.${resolution}.json`]
}

const folder = mkdtempSync(join(tmpdir(), 'spanwire-consumer-'))
try {
  cpSync(cases, folder, { recursive: true })
  await withTarballs(install)
  process.exitCode = (await failures()) > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** @param {import('../../scripts/tarballs.mjs').Tarball[]} tarballs */
async function install(tarballs) {
  const ours = Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${file}`]))
  const dependencies = { ...ours, ...versions('package.json', ['typescript', 'vite', '@types/node', '@types/react']) }
  Object.assign(dependencies, versions('test/package.json', ['react', 'zod']))
  // The packages need each other in versions that no registry has yet.
  const manifest = { name: 'consumer', private: true, type: 'module', dependencies, pnpm: { overrides: ours } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2))
  const argv = [
    pnpmFile,
    'install',
    '--ignore-workspace',
    '--ignore-scripts',
    '--prefer-offline',
    '--reporter=append-only',
  ]
  const { code, output } = await capture(process.execPath, argv, { cwd: folder, env: { ...env, CI: 'true' } })
  if (code !== 0) fail(`the packed packages cannot be installed:\n${output}`)
}

/** The versions that the workspace itself uses. @param {string} manifest @param {string[]} names */
function versions(manifest, names) {
  const { devDependencies } = JSON.parse(readFileSync(join(root, manifest), 'utf8'))
  return Object.fromEntries(names.map((name) => [name, devDependencies[name]]))
}

async function failures() {
  let failed = 0
  for (const { guarantee, argv, says = /(?:)/ } of uses) {
    const { code, output } = await capture(process.execPath, argv, { cwd: folder })
    const kept = code === 0 && says.test(output)
    console.log(`${kept ? 'ok  ' : 'FAIL'} ${guarantee}`)
    if (kept) continue
    failed += 1
    console.log(output.trimEnd().replaceAll(/^/gm, '     '))
  }
  console.log(`${uses.length - failed} passed, ${failed} failed`)
  return failed
}
