import { describeDriver } from '@spanwire/testkit'
import { withKafka } from './rig/java.js'
import { kafkaRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

const long = 'a minute: shown by conformance-one.long.test.ts'

withKafka('one node', () => {
  describeDriver('kafka (one node)', {
    setup: () => kafkaRig({ nodes: 1 }),
    skip: skips.single,
    elsewhere: { X1: long },
    limitMs: 120_000,
  })
})
