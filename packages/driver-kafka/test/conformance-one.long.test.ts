import { describeDriver } from '@spanwire/testkit'
import { withKafka } from './rig/java.js'
import { kafkaRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

withKafka('one node', () => {
  describeDriver('kafka (one node)', { setup: () => kafkaRig({ nodes: 1 }), skip: skips.single, limitMs: 300_000 })
})
