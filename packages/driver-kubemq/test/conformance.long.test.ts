import { describeDriver } from '@spanwire/testkit'
import { peer } from './rig/peer.js'
import { kubemqRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

describeDriver(`kubemq (${peer})`, { setup: kubemqRig, skip: skips, limitMs: 300_000 })
