/** Rehearses seed after seed on every processor, and says which ones broke a promise and how to see it again. */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { root } from './bootstrap.mjs'

const HELP = `Usage: npm run simulate -- [options]

Whole clients over two simulated sites, ten virtual minutes a seed, with faults that the seed decides. Exit code 1 when an
invariant was violated.

  --seeds N     how many seeds (default 100)
  --from S      the first one (default 1)
  --faults A,B  only these kinds: kill hang cut lost-ack swallow slow loss reset revoke drain leaderless stalled skew stall
  --log FILE    one seed only: write its event log there
  --help        this text
`

/** What a seed makes is forgotten soon: most of it before it would be copied. */
const WORKER = ['--max-semi-space-size=32']

/** @typedef {import('../packages/testkit/src/simulation/index.js').Rehearsal} Rehearsal */
/** @typedef {{ seed: number, violations: Rehearsal['violations'], counts: Rehearsal['counts'] }} Told */

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    faults: { type: 'string' },
    log: { type: 'string' },
    worker: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const first = whole('from', values.from)
const count = values.log === undefined ? whole('seeds', values.seeds) : 1

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
  const { rehearse } = await import(join(root, 'packages/testkit/dist/simulation.js'))
  const faults = values.faults?.split(',')
  /** @param {unknown} seed */
  const take = async (seed) => {
    /** @type {Rehearsal} */
    const { violations, counts, lines, plan } = await rehearse({
      seed: Number(seed),
      verbose: values.log !== undefined,
      ...(faults && { faults }),
    })
    if (values.log !== undefined) {
      const { writeFileSync } = await import('node:fs')
      writeFileSync(values.log, [...plan.map((one) => JSON.stringify(one)), ...lines, ''].join('\n'))
    }
    process.send?.({ seed, violations, counts })
  }
  process.on('message', (seed) => void take(seed))
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
        if (next < first + count) child.send(next++)
        else child.kill()
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
      const only = values.faults === undefined ? '' : ` --faults ${values.faults}`
      console.log(`  again: npm run simulate -- --from ${told.seed} --seeds 1${only} --log seed-${told.seed}.log`)
    }
    if (done % 50 === 0) console.error(`${done} of ${count} seeds, ${bad.length} with violations`)
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), count) }, one))
  const seconds = ((performance.now() - began) / 1_000).toFixed(0)
  console.log(
    Object.entries(sums)
      .map(([what, number]) => `${number} ${what}`)
      .join(', '),
  )
  console.log(`${done} seeds in ${seconds} s, ${bad.length} with violations`)
  process.exitCode = bad.length > 0 || done < count ? 1 : 0
}
