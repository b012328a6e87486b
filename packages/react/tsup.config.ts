import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.js'

export default defineConfig(
  library({
    banner: { js: "'use client'" },
    // A second bundler pass would drop the directive.
    treeshake: false,
  }),
)
