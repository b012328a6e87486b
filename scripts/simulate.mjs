/** Rehearses seed after seed on every processor, and says which ones broke a promise and how to see it again. */
import { fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { root } from './bootstrap.mjs'

const HELP = `Usage: npm run simulate -- [options]

Whole clients over two simulated sites, ten virtual minutes a seed, with faults that the seed decides. Exit code 1 when an
invariant was violated.

  --seeds N     how many seeds (default 100)
  --from S      the first one (default 1)
  --within SEC  begins no more of them after so many seconds (default: all are run)
  --faults A,B  only these kinds: kill hang cut lost-ack swallow slow loss reset refuse revoke drain
                leaderless stalled skew stall crash reroute
  --log FILE    one seed only: write its event log there
  --save FILE   keep what broke a promise there, with only the faults that it takes, to be run again
  --replay FILE run what was kept there
  --tamper FILE a module whose tamper(driver, machine, site, host) stands between clients and network: how a client
                that breaks its promises is made on purpose
  --help        this text
`

/** What a seed makes is forgotten soon: most of it before it would be copied. */
const WORKER = ['--max-semi-space-size=32']

/** Shrinking takes some dozens of runs: so many failed seeds are worth it. */
const MAX_SHRUNK = 5

/** @typedef {import('../packages/testkit/src/simulation/index.js').Rehearsal} Rehearsal */
/** @typedef {import('../packages/testkit/src/simulation/index.js').Regression} Regression */
/** @typedef {{ seed: number, violations: Rehearsal['violations'], counts: Rehearsal['counts'], least?: Regression }} Told */
/** @typedef {{ seed: number, shrinks: boolean, regression?: Regression }} Task */

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    within: { type: 'string' },
    faults: { type: 'string' },
    log: { type: 'string' },
    save: { type: 'string' },
    replay: { type: 'string' },
    tamper: { type: 'string' },
    worker: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
/** @type {Regression[] | undefined} */
const kept = values.replay === undefined ? undefined : JSON.parse(readFileSync(values.replay, 'utf8'))
const first = kept === undefined ? whole('from', values.from) : 0
const count = kept?.length ?? (values.log === undefined ? whole('seeds', values.seeds) : 1)
const withinMs = values.within === undefined ? Infinity : whole('within', values.within) * 1_000

if (values.help) process.stdout.write(HELP)
else if (values.worker) await work()
else await conduct()

/** @param {string} name @param {string} text */
function whole(name, text) {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} is a whole number, not "${text}".`)
  return value
}

/** Takes seeds from its parent until there are none. */
async function work() {
  Error.stackTraceLimit = 0
  const { rehearse, replay, shrink } = await import(join(root, 'packages/testkit/dist/simulation.js'))
  const faults = values.faults?.split(',')
  /** @type {{ tamper?: import('../packages/testkit/src/simulation/index.js').Tamper }} */
  const { tamper } = values.tamper === undefined ? {} : await import(pathToFileURL(resolve(values.tamper)).href)
  /** @param {unknown} task */
  const take = async (task) => {
    const { seed, shrinks, regression } = /** @type {Task} */ (task)
    const options = { seed, verbose: values.log !== undefined, ...(faults && { faults }), ...(tamper && { tamper }) }
    /** @type {Rehearsal} */
    const rehearsal = await (regression ? replay(regression, options) : rehearse(options))
    const { violations, counts, lines, plan } = rehearsal
    if (values.log !== undefined)
      writeFileSync(values.log, [...plan.map((one) => JSON.stringify(one)), ...lines, ''].join('\n'))
    const isBad = violations.length > 0
    /** @type {Regression | undefined} */
    const least = isBad && shrinks ? await shrink(rehearsal, options) : undefined
    process.send?.({ seed: rehearsal.seed, violations, counts, ...(least && { least }) })
  }
  process.on('message', (task) => void take(task))
  process.send?.('ready')
}

async function conduct() {
  const began = performance.now()
  /** @type {Told[]} */
  const bad = []
  /** @type {Record<string, number>} */
  const sums = {}
  let next = first
  let done = 0
  const one = () =>
    new Promise((resolve, reject) => {
      const child = fork(fileURLToPath(import.meta.url), [...process.argv.slice(2), '--worker'], { execArgv: WORKER })
      child.on('exit', (code) =>
        code === 0 || child.killed ? resolve(undefined) : reject(new Error(`a worker ended with ${code}`)),
      )
      child.on('message', (told) => {
        if (told !== 'ready') take(/** @type {Told} */ (told))
        if (next >= first + count || performance.now() - began >= withinMs) child.kill()
        else {
          const regression = kept?.[next]
          child.send({ seed: next, shrinks: bad.length < MAX_SHRUNK && !regression, ...(regression && { regression }) })
          next++
        }
      })
    })
  /** @param {Told} told */
  function take(told) {
    done++
    for (const [what, number] of Object.entries(told.counts)) sums[what] = (sums[what] ?? 0) + number
    if (told.violations.length > 0) {
      bad.push(told)
      for (const { invariant, what } of told.violations.slice(0, 3))
        console.log(`seed ${told.seed}: ${invariant}: ${what}`)
      for (const { atMs, fault } of told.least?.plan ?? [])
        console.log(`  at ${atMs.toFixed(0)} ms ${JSON.stringify(fault)}`)
      console.log(`  again: npm run simulate -- ${sameAs(told)} --log seed-${told.seed}.log`)
    }
    if (done % 50 === 0) console.error(`${done} of ${count} seeds, ${bad.length} with violations`)
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), count) }, one))
  const least = bad.flatMap((told) => told.least ?? [])
  if (values.save !== undefined && least.length > 0) {
    writeFileSync(values.save, `${JSON.stringify(least, undefined, 2)}\n`)
    console.log(
      `what is left of them when it is shrunk is in ${values.save}: npm run simulate -- --replay ${values.save}`,
    )
  }
  const seconds = ((performance.now() - began) / 1_000).toFixed(0)
  console.log(
    Object.entries(sums)
      .map(([what, number]) => `${number} ${what}`)
      .join(', '),
  )
  console.log(`${done} of ${count} seeds in ${seconds} s, ${bad.length} with violations`)
  const begun = next - first
  process.exitCode = bad.length > 0 || done < begun || begun < Math.min(count, 1) ? 1 : 0
}

/** @param {Told} told */
function sameAs({ seed }) {
  const tamper = values.tamper === undefined ? '' : ` --tamper ${values.tamper}`
  if (values.replay !== undefined) return `--replay ${values.replay}${tamper}`
  return `--from ${seed} --seeds 1${values.faults === undefined ? '' : ` --faults ${values.faults}`}${tamper}`
}
