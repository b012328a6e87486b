import { describeDriver } from '@spanwire/testkit'
import { withKafka } from './rig/java.js'
import { kafkaRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

const whole =
  'ends and starts all three, which takes long and is the same on one: shown by conformance-cluster.long.test.ts'
const long = 'minutes: shown by conformance-cluster.long.test.ts'

/** What the gate runs. */
withKafka('three nodes, the short way', () => {
  describeDriver('kafka (three nodes, the short way)', {
    setup: () => kafkaRig({ nodes: 3 }),
    skip: skips.cluster,
    elsewhere: {
      X1: long,
      'R4/wiped': whole,
      'S5/kill': whole,
      S6: whole,
      Q1: whole,
      'H4/nobody there': whole,
      E1: whole,
      E2: whole,
      'E3/kill': whole,
    },
    limitMs: 120_000,
  })
})
