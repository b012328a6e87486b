import { describeDriver } from '@spanwire/testkit'
import { kafkaRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

describeDriver('kafka (three nodes)', { setup: () => kafkaRig({ nodes: 3 }), skip: skips.cluster, limitMs: 300_000 })
