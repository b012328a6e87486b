import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import shared from '../../vitest.config.js'

const modules = fileURLToPath(new URL('./test/react18/node_modules/', import.meta.url))

/** The tests of the hooks once more, with React 18. `test/react18.test.ts` runs it. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: {
    alias: [
      { find: /^(react|react-dom)($|\/)/, replacement: `${modules}$1$2` },
      ...(Array.isArray(shared.resolve?.alias) ? shared.resolve.alias : []),
    ],
  },
  test: { include: ['packages/react/test/**/*.test.tsx'], testTimeout: 40_000 },
})
