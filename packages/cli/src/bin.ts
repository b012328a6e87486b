#!/usr/bin/env node
import { createRequire } from 'node:module'
import { program } from './program.js'
import { report } from './report.js'

// Ours, from where this file is built to.
const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string }

program()
  .version(version)
  .parseAsync()
  .catch((error: unknown) => {
    report(error)
    process.exitCode = 1
  })
