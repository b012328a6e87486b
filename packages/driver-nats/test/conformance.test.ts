import { describeDriver } from '@spanwire/testkit'
import { natsRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

describeDriver('nats (newest, one node)', { setup: () => natsRig({ server: 'newest' }), skip: skips.single })
