import { describeDriver } from '@spanwire/testkit'
import { natsRig } from './rig/rig.js'

describeDriver('nats (newest, three nodes)', { setup: () => natsRig({ nodes: 3 }), limitMs: 120_000 })
