#!/usr/bin/env node
import { program } from './program.js'
import { report } from './report.js'

program()
  .parseAsync()
  .catch((error: unknown) => {
    report(error)
    process.exitCode = 1
  })
