import { appendFileSync } from 'node:fs'
import { type Checkpoint, createClient } from '@spanwire/core'
import { nats } from '../../src/index.js'
import { CONCURRENCY, events, jobs } from './contracts.js'
import { readJournal } from './journal.js'

/** A program that is killed: `endpoint journal`. Its effects are lines of the journal; stdout says how many it has had. */

const [endpoint = '', journal = ''] = process.argv.slice(2)
const here = { environment: 'on-prem' } as const
const client = createClient({ here, sites: { only: { location: here, driver: nats(), endpoints: [endpoint] } } })

function effect(line: object): void {
  appendFileSync(journal, `${JSON.stringify(line)}\n`)
  process.stdout.write('effect\n')
}

client.consume(jobs, ({ n }) => effect({ job: n }), { concurrency: CONCURRENCY })

const last: Checkpoint | undefined = readJournal(journal).checkpoint
let event: number | undefined
const subscription = client.subscribe(events, {}, { from: last ?? 'beginning' })
for await (const { value } of subscription) {
  // The effect of the one before, and the checkpoint behind it, in one write.
  if (event !== undefined) effect({ event, ...subscription.checkpoint() })
  event = value.n
}
