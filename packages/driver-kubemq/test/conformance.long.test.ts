import { describeDriver } from '@spanwire/testkit'
import { kubemqRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

const peer = process.env['KUBEMQ_BIN'] ? 'community server' : 'double'

describeDriver(`kubemq (${peer})`, { setup: kubemqRig, skip: skips })
