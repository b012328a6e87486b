import { join } from 'node:path'
import { createClient } from '@spanwire/core'
import { expect, it, onTestFinished } from 'vitest'
import { eventually } from '../../driver/test/eventually.js'
import { nats } from '../src/index.js'
import { CONCURRENCY, events, jobs } from './killed/contracts.js'
import { readJournal } from './killed/journal.js'
import { programFolder, run } from './killed/program.js'
import { server } from './rig/server.js'

const TOTAL = 600
const all = Array.from({ length: TOTAL }, (_, at) => at + 1)

it('a process that is killed while it reads and works has lost nothing and does nothing twice that was done', async () => {
  const [folder, node] = await Promise.all([programFolder(), server()])
  const journal = join(folder, 'journal')
  const here = { environment: 'on-prem' } as const
  const client = createClient({
    here,
    sites: { only: { location: here, driver: nats(), endpoints: [node.endpoint] } },
  })
  onTestFinished(() => client.close({ timeout: '1s' }))
  const victim = run(folder, node.endpoint, journal)
  const sending = (async () => {
    for (const n of all) await Promise.all([client.publish(events, { n }), client.send(jobs, { n })])
    // What a reader has had is written with the next one.
    await client.publish(events, { n: 0 })
  })()
  sending.catch(() => undefined)
  await victim.effects(200)
  await victim.kill()
  const before = readJournal(journal)
  run(folder, node.endpoint, journal)
  await sending
  const isComplete = (): boolean => {
    const { events: had, jobs: done } = readJournal(journal)
    return had.length >= TOTAL && new Set(done).size >= TOTAL
  }
  await eventually('all has had its effect', async () => isComplete(), 15_000)
  const after = readJournal(journal)
  expect(after.events).toEqual(all)
  expect([...new Set(after.jobs)].sort((a, b) => a - b)).toEqual(all)
  // At least once: again comes at most what was in its hands.
  expect(after.jobs.length - TOTAL).toBeLessThanOrEqual(CONCURRENCY)
  expect(before.jobs.length).toBeLessThan(TOTAL)
})
