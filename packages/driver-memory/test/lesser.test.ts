import { describeDriver } from '@spanwire/testkit'
import { ABILITIES } from '../src/index.js'
import { harness } from './harness.js'

// What is denied is refused, not ignored, and the rest holds without it.
describeDriver('memory without any ability', harness({ without: ABILITIES }))
