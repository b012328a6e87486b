import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.js'

export default defineConfig(
  library({
    entry: ['src/index.ts', 'src/suspense.ts'],
    // Both entries must share one context, in CommonJS too.
    splitting: true,
    // A second bundler pass would drop the directive below.
    treeshake: false,
    banner: { js: "'use client'" },
  }),
)
