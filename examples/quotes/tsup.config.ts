import { defineConfig } from 'tsup'

/** The processes: one file each, and what they share. */
export default defineConfig({
  entry: ['src/start.ts', 'src/site.ts', 'src/feed.ts', 'src/pricing.ts', 'src/orders.ts'],
  format: ['esm'],
  target: 'es2022',
  clean: true,
})
