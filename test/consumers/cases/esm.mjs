import * as core from '@spanwire/core'
import * as memory from '@spanwire/driver-memory'
import { tell } from './story.cjs'

await tell(core, memory)
