/** The tests that docs/semantics.md names exist: a file, and words that stand in a title of it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../bootstrap.mjs'

const page = 'docs/semantics.md'

/** @returns {import('../check.mjs').Verdict} */
export function checkSemantics() {
  const lines = readFileSync(join(root, page), 'utf8').split('\n')
  const wrong = lines.flatMap((line, at) => {
    const cells = line.split(' | ')
    const shown = cells.at(-1)?.replace(/ \|$/, '') ?? ''
    if (!line.startsWith('| ') || cells.length < 3 || shown === 'shown by' || /^[- |]+$/.test(line)) return []
    return complaints(shown).map((what) => `${page}:${at + 1}: ${what}`)
  })
  return { code: wrong.length, output: wrong.join('\n') }
}

/** @param {string} shown `file`: words of a title; more words; ... */
function complaints(shown) {
  let text = ''
  let file = ''
  const named = shown.split('; ').flatMap((part) => {
    const [, path, words = part] = /`([\w./-]+\.(?:ts|tsx))`: (.*)$/.exec(part) ?? []
    if (path) {
      file = path
      const found = [join(root, 'packages', path), join(root, path)].find((some) => existsSync(some))
      if (!found) return [`there is no ${path}`]
      text = readFileSync(found, 'utf8')
    }
    if (!path && !file) return []
    return path || !/^[A-Z0-9]+ in the simulation$|^each driver/.test(part) ? missing(text, words, file) : []
  })
  return file ? named : ['it names no test']
}

/** @param {string} text @param {string} words @param {string} file */
function missing(text, words, file) {
  return text.includes(words) ? [] : [`no title in ${file} has "${words}"`]
}
