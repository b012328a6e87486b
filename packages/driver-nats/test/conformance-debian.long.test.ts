import { describeDriver } from '@spanwire/testkit'
import { natsRig } from './rig/rig.js'
import { skips } from './rig/skips.js'

describeDriver('nats (2.9 of Debian)', { setup: () => natsRig({ server: 'debian' }), skip: skips.single })
