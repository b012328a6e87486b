import { setTimeout as wait } from 'node:timers/promises'
import { MessagingError } from '@spanwire/core'
import { quotes, type Tick } from './contracts.js'
import { given, tellParent } from './life.js'
import { readDays } from './prices.js'
import { Clock, ticksOf } from './replay.js'
import { startService } from './service.js'

/** Replays real trading days, one after another, as ticks. Told by start.js to storm or to finish the day. */

const TURN_MS = 20
/** Rows of five ticks that one turn publishes at most, also when the day is to be finished. */
const MAX_ROWS = 40
/** Ticks without an answer; beyond, the feed waits for the sites. */
const MAX_OPEN = 2_000
const STORM_MS = 10_000
const BETWEEN_DAYS_MS = Number(given('PAUSE_MS'))

const ticksPerDay = Number(given('TICKS'))
const client = startService('feed')
const days = readDays(new URL('../data/stocks.csv.gz', import.meta.url))
const clock = new Clock(ticksPerDay / (Number(given('DAY_SECONDS')) * 1_000), performance.now())
let open = 0
let failed = 0

process.on('message', (message) => {
  if (message === 'storm') clock.storm(performance.now(), STORM_MS)
  if (message === 'finish') clock.finish()
})

for (let round = 1; ; round += 1) {
  const day = days[(round - 1) % days.length]
  if (day === undefined) throw new Error('there are no trading days in data/stocks.csv.gz')
  const rows = ticksOf(day, round, ticksPerDay)
  tellParent({ type: 'day', round, day: day.day, startedAt: Date.now(), ticks: ticksPerDay })
  clock.begin(performance.now())
  await replay(rows)
  while (open > 0) await wait(TURN_MS)
  tellParent({ type: 'closed', round, failed })
  await wait(BETWEEN_DAYS_MS)
}

async function replay(rows: readonly (readonly Tick[])[]): Promise<void> {
  let done = 0
  while (done < rows.length) {
    const until = Math.min(clock.due(performance.now()), done + MAX_ROWS, rows.length)
    for (; done < until && open < MAX_OPEN; done += 1) for (const tick of rows[done] ?? []) publish(tick)
    await wait(TURN_MS)
  }
}

function publish(tick: Tick): void {
  open += 1
  client
    .publish(quotes, tick)
    .catch((error: unknown) => {
      // We are asked to end; the day is not over, and nobody will judge it.
      if (MessagingError.is(error) && error.code === 'closed') return
      failed += 1
      console.log(`feed: ${tick.symbol} ${tick.n} of ${tick.day} was not published: ${String(error)}`)
    })
    .finally(() => {
      open -= 1
    })
}
