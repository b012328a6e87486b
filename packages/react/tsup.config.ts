import { readFile, writeFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.js'

/** Written last, because the bundler's second pass drops directives. */
const useClient = {
  name: 'use-client',
  async buildEnd({ writtenFiles }: { readonly writtenFiles: readonly { readonly name: string }[] }): Promise<void> {
    for (const { name } of writtenFiles)
      if (/\.c?js$/.test(name)) await writeFile(name, `'use client'\n${await readFile(name, 'utf8')}`)
  },
}

export default defineConfig(
  library({
    entry: ['src/index.ts', 'src/suspense.ts'],
    // One context for both entries.
    external: ['@spanwire/react'],
    splitting: false,
    plugins: [useClient],
  }),
)
