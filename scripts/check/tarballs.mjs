import { join } from 'node:path'
import { env, root } from '../bootstrap.mjs'
import { capture, inParallel } from '../exec.mjs'
import { withTarballs } from '../tarballs.mjs'

const modules = join(root, 'node_modules')
const programs = [
  ['publint/src/cli.js', 'run', '--strict'],
  ['@arethetypeswrong/cli/dist/index.js', '--profile', 'node16', '--no-emoji', '--format', 'ascii'],
]

/** Every packed package resolves, with its types, as an ES module and as CommonJS. @returns {Promise<import('../check.mjs').Verdict>} */
export function checkTarballs() {
  return withTarballs(async (tarballs) => {
    const trials = tarballs.flatMap((tarball) => programs.map((argv) => ({ ...tarball, argv })))
    const verdicts = await inParallel(trials, async ({ name, file, argv: [program = '', ...args] }) => {
      const argv = [join(modules, program), ...args, file]
      const { code, output } = await capture(process.execPath, argv, { cwd: root, env: { ...env, NO_COLOR: '1' } })
      return code === 0 ? [] : [`${name}: ${program}\n${output}`]
    })
    const wrong = verdicts.flat()
    return { code: wrong.length, output: wrong.join('\n') }
  })
}
