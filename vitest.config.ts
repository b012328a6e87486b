import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { findChromium } from './scripts/chromium.mjs'
import Skips from './scripts/skips.mjs'

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

export default defineConfig({
  resolve: { alias },
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.{ts,tsx}',
      'examples/*/{src,test}/**/*.test.{ts,tsx}',
      'test/**/*.test.ts',
      'scripts/**/*.test.ts',
      'faults/**/*.test.ts',
    ].map((glob) => (isLong ? glob.replace(/\*\.test\..*$/, '*.long.test.ts') : glob)),
    exclude: [...configDefaults.exclude, ...(isLong ? [] : [LONG])],
    // What is run by hand without `npm test` finds the browser too; without one, browser tests skip with a reason.
    env: chromium === undefined ? {} : { CHROMIUM_PATH: chromium },
    reporters: [new Skips(), 'default'],
    // Much of a test's time is spent waiting for servers: with one worker less than there are cores, two cores would idle.
    maxWorkers: '100%',
    // Some do much work, and machines with little to spare take their time for it.
    testTimeout: 40_000,
  },
})
