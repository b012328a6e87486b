import { allProperties } from './all.js'
import { connectProperties } from './connect.js'
import { endProperties } from './end.js'
import { healthProperties } from './health.js'
import { openProperties } from './open.js'
import type { Property } from './property.js'
import { receiveProperties } from './receive.js'
import { receiveEndProperties } from './receive-end.js'
import { receiveFlowProperties } from './receive-flow.js'
import { rpcProperties } from './rpc.js'
import { sendProperties } from './send.js'
import { sendFaultProperties } from './send-faults.js'
import { settledProperties } from './settled.js'
import { leaseProperties } from './settled-lease.js'

const single: readonly Property[] = [
  ...connectProperties,
  ...openProperties,
  ...sendProperties,
  ...sendFaultProperties,
  ...receiveProperties,
  ...receiveFlowProperties,
  ...receiveEndProperties,
  ...leaseProperties,
  ...settledProperties,
  ...rpcProperties,
  ...healthProperties,
  ...endProperties,
].sort(byName)

/** Every property of the suite, C1 to X2, part by part. */
export const properties: readonly Property[] = [...single, ...allProperties(single)]

/** By letter in the order of a link's life, then by number; parts stay as they were written. */
function byName(a: Property, b: Property): number {
  const letters = 'COSRQPHE'
  return (
    letters.indexOf(a.id.charAt(0)) - letters.indexOf(b.id.charAt(0)) || Number(a.id.slice(1)) - Number(b.id.slice(1))
  )
}
