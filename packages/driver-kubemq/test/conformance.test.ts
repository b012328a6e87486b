import { describeDriver } from '@spanwire/testkit'
import { peer } from './rig/peer.js'
import { kubemqRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

const elsewhere = { X1: 'it takes as long as all others together: conformance.long.test.ts, which has everything' }

describeDriver(`kubemq (${peer})`, { setup: kubemqRig, skip: skips, elsewhere })
