import { describeDriver } from '@spanwire/testkit'
import { platformatic } from '../src/index.js'
import { withKafka } from './rig/java.js'
import { kafkaRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

withKafka('one node', () => {
  describeDriver('kafka by @platformatic/kafka (one node)', {
    setup: () => kafkaRig({ nodes: 1, port: platformatic() }),
    skip: skips.single,
    limitMs: 300_000,
  })
})
