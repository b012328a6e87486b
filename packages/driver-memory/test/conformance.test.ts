import { describeDriver } from '@spanwire/testkit'
import { harness } from './harness.js'

describeDriver('memory', harness())
