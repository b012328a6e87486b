import { defineConfig } from 'tsup'
import { library } from '../../tsup.base.js'

const entry = {
  index: 'src/index.ts',
  engines: 'src/engines/index.ts',
  kubemq: 'src/kubemq/index.ts',
  'kubemq-double': 'src/kubemq/main.ts',
  network: 'src/network/index.ts',
  simulation: 'src/simulation/index.ts',
}

export default defineConfig(library({ entry }))
