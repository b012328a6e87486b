import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { findChromium } from './scripts/chromium.mjs'
import Skips from './scripts/skips.mjs'
import SlowestFirst from './scripts/slowest-first.mjs'

const root = fileURLToPath(new URL('.', import.meta.url))
const chromium = findChromium()
/** Whole clusters and the example on real engines take minutes: a command of their own, `npm run test:long`. */
const LONG = '**/*.long.test.ts'
const isLong = process.env['SPANWIRE_LONG'] === '1'

/** Tests run against the sources of every package, so that no build stands between an edit and its test. */
const alias = readdirSync(`${root}packages`).map((name) => ({
  find: new RegExp(`^@spanwire/${name}$`),
  replacement: `${root}packages/${name}/src/index.ts`,
}))
for (const entry of ['driver/kit', 'testkit/engines', 'testkit/kubemq', 'testkit/network', 'testkit/simulation']) {
  const [name, folder] = entry.split('/')
  alias.push({
    find: new RegExp(`^@spanwire/${entry}$`),
    replacement: `${root}packages/${name}/src/${folder}/index.ts`,
  })
}

/** Tests that own neither processes nor globals, nor weigh the heap: a process and its modules serve many files. */
const shared = [
  'packages/{core,driver}/{src,test}/**/*.test.ts',
  'packages/{cli,driver-*,gateway,testkit}/src/**/*.test.ts',
].map(inThisRun)
const HEAP = '**/*conformance.test.ts'
const excluded = isLong ? configDefaults.exclude : [...configDefaults.exclude, LONG]

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: shared, exclude: [...excluded, HEAP], isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'isolated',
          include: [
            'packages/*/{src,test}/**/*.test.{ts,tsx}',
            'examples/*/{src,test}/**/*.test.{ts,tsx}',
            'test/**/*.test.ts',
            'scripts/**/*.test.ts',
            'faults/**/*.test.ts',
          ].map(inThisRun),
          // The shared ones, but for those that weigh the heap.
          exclude: [...excluded, ...shared.map((glob) => glob.replace('*.test', '!(*conformance).test'))],
        },
      },
    ],
    // What is run by hand without `npm test` finds the browser too; without one, browser tests skip with a reason.
    env: chromium === undefined ? {} : { CHROMIUM_PATH: chromium },
    reporters: [new Skips(), 'default'],
    sequence: { sequencer: SlowestFirst },
    // Much of a test's time is spent waiting for servers: with a worker a core, the cores would idle for a third of it.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    // Some do much work, and machines with little to spare take their time for it.
    testTimeout: 40_000,
  },
})

/** Of a run of the long ones, those. */
function inThisRun(glob: string): string {
  return isLong ? glob.replace(/\*\.test\..*$/, '*.long.test.ts') : glob
}
