import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const names = Object.keys(dependencies).filter((name) => name.startsWith('@spanwire/'))
// Made for vitest, which runs as an ES module only.
const modulesOnly = new Set(['@spanwire/testkit'])
for (const name of names) {
  const missing = modulesOnly.has(name) ? [] : differences(Object.keys(await import(name)), Object.keys(require(name)))
  if (missing.length > 0) throw new Error(`${name} exports ${missing} in one module system only`)
}
console.log(`loaded ${names.length} packages`)

function differences(left, right) {
  const names = new Set([...left, ...right])
  for (const ignored of ['default', 'module.exports', '__esModule']) names.delete(ignored)
  return [...names].filter((name) => !left.includes(name) || !right.includes(name))
}
