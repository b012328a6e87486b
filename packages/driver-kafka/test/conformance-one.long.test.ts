import { describeDriver } from '@spanwire/testkit'
import { kafkaRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

describeDriver('kafka (one node)', { setup: () => kafkaRig({ nodes: 1 }), skip: skips.single, limitMs: 300_000 })
