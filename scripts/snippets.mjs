/**
 * The TypeScript in README.md, docs/ and the packages' READMEs compiles. Each block is a module of its own, with three
 * exceptions: ```ts ignore is not compiled, ```ts more goes on where the block before it ended, and a block whose
 * first line is a comment with a file name (`// contracts.ts`) can be imported by the page's other blocks.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { env, root, tsc } from './bootstrap.mjs'
import { capture } from './exec.mjs'

/** @typedef {{ file: string, page: string, lines: string[] }} Module */

// Inside test/, whose dependencies are what a page may import.
const folder = join(root, 'test/.snippets')

/** @returns {Promise<import('./check.mjs').Verdict>} */
export async function checkSnippets() {
  const modules = pages().flatMap(modulesOf)
  if (modules.length === 0) return { code: 0, output: '' }
  rmSync(folder, { recursive: true, force: true })
  for (const { file, lines } of modules) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${lines.join('\n')}\nexport {}\n`)
  }
  const config = join(folder, 'tsconfig.json')
  writeFileSync(
    config,
    JSON.stringify({ extends: '../../tsconfig.json', files: modules.map(({ file }) => file), include: [] }),
  )
  const { output } = await capture(process.execPath, [tsc, '-p', config], { cwd: root, env: { ...env, NO_COLOR: '1' } })
  const errors = errorsOf(output, modules)
  return { code: errors.length, output: errors.join('\n') }
}

/** What the compiler says of the pages, by their names; what it says of the sources is the business of `types`. @param {string} output @param {readonly Module[]} modules */
function errorsOf(output, modules) {
  return output.split(/\n(?=\S)/).flatMap((error) => {
    const module = modules.find(({ file }) => error.startsWith(`${relative(root, file)}(`))
    return module ? [error.replace(relative(root, module.file), module.page)] : []
  })
}

/** @returns {string[]} */
function pages() {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => `docs/${file}`)
  const readmes = readdirSync(join(root, 'packages')).flatMap((name) =>
    readdirSync(join(root, 'packages', name)).map((file) => `packages/${name}/${file}`),
  )
  const own = readdirSync(root).filter((file) => file === 'README.md')
  return [...own, ...docs, ...readmes].filter((file) => file.endsWith('.md')).sort()
}

/** Every module keeps its lines where the page has them, so that errors name the page's lines. @param {string} page */
function modulesOf(page) {
  const lines = readFileSync(join(root, page), 'utf8').split('\n')
  /** @type {Map<string, Module>} */
  const modules = new Map()
  let last = ''
  for (let at = 0; at < lines.length; at++) {
    const [, extension, mark] = lines[at]?.match(/^```(tsx?)\b\s*(.*)$/) ?? []
    if (extension === undefined) continue
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`${page}:${at + 1} opens a block that nothing closes`)
    if (mark !== 'ignore') {
      const named = lines[at + 1]?.match(/^\/\/ ([\w./-]+\.tsx?)\b/)?.[1]
      last = mark === 'more' ? last : (named ?? `line-${at + 1}.${extension}`)
      const file = join(folder, page.replaceAll('/', '-').replace(/\.md$/, ''), last)
      const module = modules.get(last) ?? { file, page, lines: [] }
      while (module.lines.length <= at) module.lines.push('')
      module.lines.push(...lines.slice(at + 1, end))
      modules.set(last, module)
    }
    at = end
  }
  return [...modules.values()]
}
