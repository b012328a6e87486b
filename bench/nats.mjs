import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { connect } from '@nats-io/transport-node'
import { startEngines } from '@spanwire/testkit/engines'
import { medianCosts } from './measure.mjs'
import { bareJobs } from './nats-bare.mjs'
import { clientJobs } from './nats-client.mjs'

const RUNS = 5

/**
 * @typedef {import('./measure.mjs').Cost} Cost
 * @typedef {{ readonly endpoint: string, readonly nc: import('@nats-io/transport-node').NatsConnection, publish(subject: string, body: string, count: number, ids: boolean): Promise<void> }} Bench
 * @typedef {{ readonly job: string, readonly goal: string, readonly parts: Record<string, () => Promise<Cost>> }} Job
 * @typedef {{ readonly jobs: readonly Job[], close(): Promise<void> }} Jobs
 */

/** Our driver and our client against plain nats.js, on one real server, in turns. */
export async function nats() {
  const engines = await startEngines({ engine: 'nats' })
  try {
    await against(engines.sites[0]?.endpoints[0] ?? '')
  } finally {
    await engines.stop()
  }
}

/** @param {string} endpoint */
async function against(endpoint) {
  const peer = fork(fileURLToPath(new URL('nats-peer.mjs', import.meta.url)), [endpoint])
  const gone = once(peer, 'exit')
  const nc = await connect({ servers: endpoint, reconnect: false })
  try {
    await once(peer, 'message')
    const bench = { endpoint, nc, publish: publisher(peer) }
    const [only] = process.argv.slice(3)
    console.log(`\nNATS (CPU us of this process per message and thousands a second; median of ${RUNS}; 200 B)`)
    console.log(
      `${'job'.padEnd(36)}${['raw', 'ours'].map((name) => `${name} us`.padStart(9)).join('')}${['raw', 'ours'].map((name) => `${name} k/s`.padStart(10)).join('')}   ours as a part of raw`,
    )
    for (const kind of [bareJobs, clientJobs]) {
      const { jobs, close } = await kind(bench)
      for (const job of jobs) {
        if (only === undefined || job.job.includes(only)) print(job, await medianCosts(RUNS, job.parts))
      }
      await close()
    }
  } finally {
    peer.kill('SIGKILL')
    await gone
    await nc.close()
  }
}

/** @param {import('node:child_process').ChildProcess} peer */
function publisher(peer) {
  return async (
    /** @type {string} */ subject,
    /** @type {string} */ body,
    /** @type {number} */ count,
    /** @type {boolean} */ ids,
  ) => {
    peer.send({ subject, body, count, ids })
    await once(peer, 'message')
  }
}

/** @param {Job} job @param {Record<string, Cost>} costs */
function print({ job, goal }, { raw, ours }) {
  if (raw === undefined || ours === undefined) throw new Error(`${job} has two sides`)
  const figures = [raw.cpuUs, ours.cpuUs].map((us) => us.toFixed(2).padStart(9))
  const rates = [raw, ours].map(({ perSecond }) => (perSecond / 1_000).toFixed(1).padStart(10))
  const ratio = (ours.perSecond / raw.perSecond).toFixed(2)
  const cpu = (raw.cpuUs / ours.cpuUs).toFixed(2)
  console.log(
    `${job.padEnd(36)}${figures.join('')}${rates.join('')}   ${ratio} of the rate, ${cpu} by CPU (goal ${goal})`,
  )
}
