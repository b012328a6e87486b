import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readOptions } from './options.mjs'
import { scenarios } from './plan.mjs'
import { grouped, nameOf, tables } from './report.mjs'
import { timeline } from './timeline.mjs'
import { percentile } from './times.mjs'

/** @typedef {import('./rounds.mjs').Result} Result */
/** @typedef {import('./report.mjs').Group} Group */
/** `engine` is absent for embedded sites. @typedef {Group & { readonly engine?: string, readonly on: string, readonly load: number, readonly picture: string }} Entry */

const docs = fileURLToPath(new URL('../docs/', import.meta.url))
const pictures = join(docs, 'failover')
const data = join(pictures, 'rounds.json')
const page = join(docs, 'failover.md')
const BEGIN = '<!-- rounds: written by `npm run faults -- --write` -->'
const END = '<!-- /rounds -->'
const EMBEDDED = 'embedded'

/**
 * Puts scenarios into `docs/failover.md`, in place of what an earlier run said of the same ones. One that was broken off replaces
 * nothing that has more rounds.
 * @param {readonly Result[]} results @param {import('./options.mjs').Options} options @param {readonly string[]} labels of the sites' engines
 */
export async function write(results, { rate, rounds }, labels) {
  await mkdir(pictures, { recursive: true })
  const entries = new Map((await known()).map((entry) => [entry.name, entry]))
  const engine = [...new Set(labels)].join(' and ')
  const isEmbedded = engine === EMBEDDED
  const on = `${engine}, ${rate}/s, Node ${process.versions.node}, ${cpus().length} cores`
  const load = Math.round(loadavg()[0] ?? 0)
  for (const group of grouped(results)) {
    const name = isEmbedded ? group.name : `${group.name} (${engine})`
    const before = entries.get(name)?.rounds.length ?? 0
    if (group.rounds.length < rounds && group.rounds.length < before) continue
    const picture = `${name.replaceAll(/[^a-z0-9]+/g, '-')}.svg`
    const shown = typical(results.filter((result) => group.results.includes(result)))
    await writeFile(
      join(pictures, picture),
      timeline(shown, `${name}: the middling one of ${group.rounds.length} rounds`),
    )
    const told = isEmbedded ? {} : { engine }
    entries.set(name, { name, ...told, kind: group.kind, rounds: group.rounds, on, load, picture })
  }
  const all = [...entries.values()].toSorted((a, b) => rank(a) - rank(b))
  await writeFile(data, `${JSON.stringify(all, undefined, 2)}\n`)
  const text = await readFile(page, 'utf8')
  const [before = '', rest = ''] = text.split(BEGIN)
  const after = rest.split(END)[1] ?? '\n'
  const engines = [...new Set(all.map((entry) => entry.engine ?? EMBEDDED))]
  const sections = engines.map((one) =>
    section(
      one,
      all.filter((entry) => (entry.engine ?? EMBEDDED) === one),
    ),
  )
  await writeFile(page, `${before}${BEGIN}\n\n${sections.join('\n\n')}\n\n${END}${after}`)
}

/** Where `--all` has it; other faults come behind, in the order in which they were played. @param {Entry} entry */
function rank(entry) {
  const options = readOptions(['--all'])
  const order = options === 'help' ? [] : scenarios(options).map(nameOf)
  const at = order.indexOf(scenarioOf(entry))
  return at < 0 ? order.length : at
}

/** @param {Entry} entry */
function scenarioOf({ engine, name }) {
  return engine === undefined ? name : name.replace(` (${engine})`, '')
}

/** @returns {Promise<readonly Entry[]>} */
async function known() {
  try {
    return JSON.parse(await readFile(data, 'utf8'))
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code === 'ENOENT') return []
    throw error
  }
}

/** The one whose return to work took the middling time. @param {readonly Result[]} results @returns {Result} */
function typical(results) {
  /** @param {Result} result */
  const felt = ({ times }) => times.writes ?? times.writePause
  const middle = percentile(results.map(felt), 0.5)
  const found = results.find((result) => felt(result) === middle)
  if (found === undefined) throw new Error('there is no round to show')
  return found
}

/** Shown as pictures at once; those of other faults are a click away. */
const TELLING = /(kill|hang)$/

/** @param {string} engine @param {readonly Entry[]} entries */
function section(engine, entries) {
  const links = entries.map((entry) => ({
    name: scenarioOf(entry),
    link: `[${entry.name}](failover/${entry.picture})`,
  }))
  const shown = links.filter(({ name }) => TELLING.test(name)).map(({ link }) => `!${link}`)
  const others = links.filter(({ name }) => !TELLING.test(name)).map(({ link }) => link)
  const more = others.length === 0 ? [] : [`More pictures: ${others.join(', ')}.`]
  const plain = entries.map((entry) => ({ ...entry, name: scenarioOf(entry) }))
  return [`### Sites: ${engine}`, tables(plain), `Measured on: ${measuredOn(plain)}.`, ...shown, ...more].join('\n\n')
}

/** @param {readonly Entry[]} entries */
function measuredOn(entries) {
  const machines = [...new Set(entries.map(({ on }) => on))]
  const named = machines.map((machine) => {
    const own = entries.filter(({ on }) => on === machine)
    const names = machines.length === 1 ? '' : `${own.map(({ name }) => name).join(', ')}: `
    return `${names}${machine} at load ${range(own.map(({ load }) => load))}`
  })
  return named.join('; ')
}

/** @param {readonly number[]} values */
function range(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least === most ? `${least}` : `${least} to ${most}`
}
