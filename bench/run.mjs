import { channels } from './channels.mjs'
import { failover } from './failover.mjs'
import { gateway } from './gateway.mjs'
import { kafka } from './kafka.mjs'
import { kubemq } from './kubemq.mjs'
import { layers } from './layers.mjs'
import { nats } from './nats.mjs'
import { outage } from './outage.mjs'
import { parts } from './parts.mjs'

/** @type {Record<string, { readonly does: string, readonly run: () => Promise<void> }>} */
const benches = {
  layers: { does: 'what codec and client add to the bare memory driver, per message', run: layers },
  parts: { does: "core's parts by themselves: dedupe, route, step", run: parts },
  failover: { does: 'publishing through the failover core against the bare memory driver', run: failover },
  gateway: { does: 'CPU of a gateway per delivery, to one client and to twenty', run: gateway },
  nats: { does: 'our driver and client against nats.js, on a real server', run: nats },
  kafka: { does: 'both of our ports against kafkajs and @platformatic/kafka, on a real broker', run: kafka },
  kubemq: {
    does: 'our driver against bare grpc-js and kubemq-js, on the double, KUBEMQ_BIN or KUBEMQ_ADDRESS',
    run: kubemq,
  },
  channels: { does: '10,000 channels on one client: time and memory, over a failover', run: channels },
  outage: { does: 'all sites away while an application publishes: memory, and what becomes of it', run: outage },
}

const help = `npm run bench -- [NAME]          default: layers
${Object.entries(benches)
  .map(([name, { does }]) => `  ${name.padEnd(10)} ${does}`)
  .join('\n')}
docs/benchmarks.md says how each measures and what it reached. Only ratios within one run mean something.`

const [name = 'layers'] = process.argv.slice(2)
const bench = Object.entries(benches).find(([key]) => key === name)?.[1]
if (name === '--help' || name === '-h') console.log(help)
else if (bench !== undefined) await bench.run()
else {
  console.error(`No bench "${name}".\n\n${help}`)
  process.exitCode = 2
}
