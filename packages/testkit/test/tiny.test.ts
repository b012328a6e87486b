import { describeDriver } from '../src/index.js'
import { tiny } from './tiny-driver.js'

const noHang = 'the tiny engine lives in this process and answers within the call: it cannot hang'

describeDriver('tiny', {
  async setup() {
    const { driver, kill, restart, resources } = tiny()
    return { driver, endpoints: ['tiny'], kill, restart, resources, makesChannels: true, dispose: kill }
  },
  skip: {
    'C1/silent port': 'no network',
    'C1/hung engine': noHang,
    C2: noHang,
    'C3/refused': 'whoever has credentials at all is let in',
    C4: 'no network, no TLS',
    O2: 'it refuses what it does not know',
    S4: noHang,
    'S5/stop': noHang,
    'S5/cut': 'no connection that could be cut',
    S7: noHang,
    'S8/stopped engine': noHang,
    S12: 'no other client speaks to it',
    'R2/retention': 'it keeps everything',
    'R4/recreated': 'channels are never deleted',
    'R10/source hung': noHang,
    'R10/durable, hung': noHang,
    'R10/live, hung': noHang,
    'R10/queue, hung': noHang,
    R11: 'channels are never deleted, and there are no permissions',
    H1: noHang,
    'H2/leader lost': 'one process, no leader',
    H3: 'it leaves without notice',
    'E1/SIGTERM': 'it only dies at once',
    'E1/expired credentials': 'credentials are not kept',
    'E1/garbage': 'no bytes on any wire',
    'E1/cut': 'no connection that could be cut',
    'E3/kill': noHang,
    'E5/stopped engine': noHang,
  },
})
