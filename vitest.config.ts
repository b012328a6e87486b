import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))

/** Tests run against the sources of every package, so that no build stands between an edit and its test. */
const alias = readdirSync(`${root}packages`).map((name) => ({
  find: new RegExp(`^@spanwire/${name}$`),
  replacement: `${root}packages/${name}/src/index.ts`,
}))

export default defineConfig({
  resolve: { alias },
  test: {
    include: [
      'packages/*/{src,test}/**/*.test.{ts,tsx}',
      'examples/*/{src,test}/**/*.test.{ts,tsx}',
      'test/**/*.test.ts',
    ],
    testTimeout: 20_000,
  },
})
