import { channels } from './channels.mjs'
import { failover } from './failover.mjs'
import { gateway } from './gateway.mjs'
import { kafka } from './kafka.mjs'
import { kubemq } from './kubemq.mjs'
import { layers } from './layers.mjs'
import { nats } from './nats.mjs'
import { outage } from './outage.mjs'
import { parts } from './parts.mjs'

const jobs = { layers, parts, gateway, nats, kafka, kubemq, channels, failover, outage }
const [name = 'layers'] = process.argv.slice(2)
const job = Object.entries(jobs).find(([key]) => key === name)?.[1]
if (job === undefined) {
  console.error(`No bench "${name}". One of: ${Object.keys(jobs).join(', ')}.`)
  process.exitCode = 1
} else {
  await job()
}
