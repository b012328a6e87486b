import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.js'

const entry = { index: 'src/index.ts', kit: 'src/kit/index.ts' }

// One MessagingError for both entries.
export default defineConfig(library({ entry, external: ['@spanwire/driver'], splitting: false }))
