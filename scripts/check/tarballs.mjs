import { join } from 'node:path'
import { env, root } from '../bootstrap.mjs'
import { capture } from '../exec.mjs'
import { withTarballs } from '../tarballs.mjs'

const modules = join(root, 'node_modules')
const programs = [
  ['publint/src/cli.js', 'run', '--strict'],
  ['@arethetypeswrong/cli/dist/index.js', '--profile', 'node16', '--no-emoji', '--format', 'ascii'],
]

/** Every packed package resolves, with its types, as an ES module and as CommonJS. @returns {Promise<import('../check.mjs').Verdict>} */
export function checkTarballs() {
  return withTarballs(async (tarballs) => {
    /** @type {string[]} */
    const wrong = []
    for (const { name, file } of tarballs) {
      for (const [program = '', ...args] of programs) {
        const argv = [join(modules, program), ...args, file]
        const { code, output } = await capture(process.execPath, argv, { cwd: root, env: { ...env, NO_COLOR: '1' } })
        if (code !== 0) wrong.push(`${name}: ${program}\n${output}`)
      }
    }
    return { code: wrong.length, output: wrong.join('\n') }
  })
}
