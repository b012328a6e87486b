import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.js'

export default defineConfig([library(), library({ entry: ['src/bin.ts'], format: ['esm'], dts: false, clean: false })])
