import { describeDriver } from '@spanwire/testkit'
import { it } from 'vitest'
import { kubemqRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

if (process.env['KUBEMQ_BIN']) describeDriver('kubemq (community server)', { setup: kubemqRig, skip: skips })
else it.skip('needs a KubeMQ server: set KUBEMQ_BIN')
