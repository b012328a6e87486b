/** `npm run check [step ...]`: everything about the code that can be judged without running it. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { env, pnpmFile, root, tryBuild, tsc } from './bootstrap.mjs'
import { checkLockfile } from './check/lockfile.mjs'
import { checkSemantics } from './check/semantics.mjs'
import { checkTarballs } from './check/tarballs.mjs'
import { capture, fail, inParallel } from './exec.mjs'
import { checkSnippets } from './snippets.mjs'

/** @typedef {{ code: number, output: string }} Verdict */
/** @typedef {{ name: string, remedy: string, run: () => Promise<Verdict> }} Step */

const modules = join(root, 'node_modules')

/** @type {Step[]} */
const steps = [
  {
    name: 'format',
    remedy: 'npx biome check --write mends most of it',
    run: () => tool('@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '--colors=off', '--reporter=summary'),
  },
  {
    name: 'lint',
    remedy: 'the rules are in .oxlintrc.json; a rule is broken on purpose with one line that says why',
    run: () => tool('oxlint/bin/oxlint', '--type-aware', '--deny-warnings'),
  },
  {
    name: 'types',
    remedy: 'node node_modules/typescript7/bin/tsc -p tsconfig.json shows the same',
    run: () => tool(tsc, '-p', 'tsconfig.json'),
  },
  {
    name: 'declarations',
    remedy: 'write the type of the exported thing down',
    run: () => tool(tsc, '-p', 'tsconfig.declarations.json'),
  },
  {
    name: 'portable',
    remedy:
      'this package runs everywhere: take it by argument, or list what all platforms have in scripts/check/portable.d.ts',
    run: () => tool(tsc, '-p', 'tsconfig.portable.json'),
  },
  {
    name: 'snippets',
    remedy: 'the code in README.md and docs/ must compile; the lines are those of the page',
    run: checkSnippets,
  },
  {
    name: 'semantics',
    remedy: 'each row names a file with tests and words of one title in it',
    run: async () => checkSemantics(),
  },
  {
    name: 'unused',
    remedy: 'delete the file, export or dependency; knip.json names the entries',
    run: () => tool('knip/bin/knip.js', '--no-progress', '--no-config-hints'),
  },
  {
    name: 'imports',
    remedy: 'who may import whom is in .dependency-cruiser.cjs, with what to do instead',
    run: () =>
      tool(
        'dependency-cruiser/bin/dependency-cruise.mjs',
        '--config',
        '.dependency-cruiser.cjs',
        '--output-type',
        'err-long',
        ...cruised,
      ),
  },
  {
    name: 'lockfile',
    remedy: 'npm run pnpm -- install, and commit pnpm-lock.yaml',
    run: () => checkLockfile(pnpmFile),
  },
  { name: 'build', remedy: 'npm run build shows the same; the steps after it need it', run: tryBuild },
  {
    name: 'size',
    remedy: 'the budgets are in .size-limit.mjs; what pages load is paid by every visitor',
    run: () => tool('size-limit/bin.js'),
  },
  {
    name: 'tarballs',
    remedy: 'what users install must resolve in every module system; see the package.json of the package',
    run: checkTarballs,
  },
]

const cruised = ['packages', 'examples', 'test', 'bench', 'faults', 'scripts'].filter((folder) =>
  existsSync(join(root, folder)),
)

/** @param {string} file of node_modules @param {string[]} args */
function tool(file, ...args) {
  return capture(process.execPath, [resolve(modules, file), ...args], { cwd: root, env: { ...env, NO_COLOR: '1' } })
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !steps.some((step) => step.name === name))
if (unknown.length > 0) fail(`No step "${unknown.join(' ')}". Steps: ${steps.map((step) => step.name).join(' ')}`)

/** @type {string[]} */
const failed = []
const chosen = steps.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
// What reads the sources alone goes side by side; a build wants every processor, and what is after it needs the build.
const built = chosen.findIndex(({ name }) => ['build', 'size', 'tarballs'].includes(name))
await inParallel(chosen.slice(0, built < 0 ? undefined : built), judge)
for (const step of built < 0 ? [] : chosen.slice(built)) await judge(step)

/** @param {Step} step */
async function judge({ name, remedy, run }) {
  const began = performance.now()
  const { code, output } = await run().catch((error) => ({ code: 1, output: String(error.stack) }))
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(12)} ${seconds.padStart(5)} s`)
  if (code === 0) return
  failed.push(name)
  console.log(`${output.trimEnd().replaceAll(/^/gm, '  ')}\n  -> ${remedy}\n`)
}

console.log(failed.length === 0 ? 'check passed' : `check failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
