import { describeDriver } from '@spanwire/testkit'
import { withKafka } from './rig/java.js'
import { kafkaRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

withKafka('three nodes', () => {
  describeDriver('kafka (three nodes)', { setup: () => kafkaRig({ nodes: 3 }), skip: skips.cluster, limitMs: 300_000 })
})
