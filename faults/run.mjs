import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { help, readOptions } from './options.mjs'
import { write } from './page.mjs'
import { scenarios } from './plan.mjs'
import { grouped, isCaught, lineOf, nameOf, tables, wrongs } from './report.mjs'
import { setUp } from './scene.mjs'
import { playAll } from './series.mjs'

/** @typedef {import('./options.mjs').Options} Options */
/** @typedef {import('./rounds.mjs').Result} Result */

try {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') console.log(help)
  else process.exitCode = await judge(options)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

/** @param {Options} options */
async function judge(options) {
  const turns = scenarios(options).flatMap((scenario) =>
    Array.from({ length: options.rounds }, (_, index) => ({ scenario, round: index + 1 })),
  )
  if (turns.length === 0)
    throw new Error(`--plant ${options.plants}: not of ${options.kinds}; there is nothing to play`)
  /** @type {Result[]} */
  const results = []
  const scene = await setUp(options.engines)
  console.log(
    `sites ${scene.sites.map(({ label }) => label).join(', ')}; ${options.rate} a second; seed ${options.seed}`,
  )
  const began = performance.now()
  /** @param {Result} result */
  const tell = async (result) => {
    results.push(result)
    console.log(`${progress(results.length, turns.length, performance.now() - began)} ${lineOf(result)}`)
    for (const wrong of wrongs(result.sum)) console.log(wrong)
    await keep(result, options)
    if (result.round === options.rounds) await finish(results, options, scene)
  }
  const stop = async () => {
    await finish(results, options, scene)
    await scene.end()
    console.log(`\n${tables(grouped(results))}\n\nended after ${results.length} of ${turns.length} rounds`)
    process.exit(130)
  }
  process.once('SIGINT', () => void stop())
  process.once('SIGTERM', () => void stop())
  try {
    await playAll(scene, turns, options, { random: dice(options.seed), tell })
  } catch (error) {
    await finish(results, options, scene)
    throw error
  } finally {
    await scene.end()
  }
  console.log(`\n${tables(grouped(results))}`)
  return verdict(results, options)
}

/** The latest scenario, as far as it came, goes to the page. A long run keeps its sums alone. @param {readonly Result[]} results @param {Options} options @param {import('./scene.mjs').Scene} scene */
async function finish(results, options, { sites }) {
  const own = results.filter(({ lines }) => lines.length > 0)
  const labels = sites.map(({ label }) => label)
  if (options.write && own.length > 0) await write(own, options, labels)
  for (const result of own) result.lines = []
}

/** How many rounds of all are over, and how long the rest will take if it goes on like that. @param {number} done @param {number} total @param {number} tookMs */
function progress(done, total, tookMs) {
  const seconds = Math.round(((tookMs / done) * (total - done)) / 1_000)
  const left = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  return `[${done}/${total}${done < total ? `, ${left} left` : ''}]`
}

/** @param {Result} result @param {Options} options */
async function keep({ clean, lines, round, scenario }, { keep }) {
  if (keep === undefined && (clean || scenario.plant !== undefined)) return
  const dir = join(keep ?? 'faults-failed', `${nameOf(scenario).replaceAll(' ', '-')}-${round}`)
  await mkdir(dir, { recursive: true })
  for (const [index, { lines: said, name }] of lines.entries())
    await writeFile(join(dir, `${index}-${name}.jsonl`), said.map((line) => `${JSON.stringify(line)}\n`).join(''))
  console.log(`  lines in ${dir}`)
}

/** @param {readonly Result[]} results @param {Options} options */
function verdict(results, { plants }) {
  const isHonest = plants.length === 0
  const right = results.filter((result) => (isHonest ? result.clean : isCaught(result))).length
  const what = isHonest ? 'without a fault of ours' : 'in which what was planted was caught'
  console.log(`\n${right} of ${results.length} rounds ${what}`)
  return right === results.length ? 0 : 1
}

/** The same numbers from 0 to 1 for the same seed (mulberry32). @param {number} seed @returns {() => number} */
function dice(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
