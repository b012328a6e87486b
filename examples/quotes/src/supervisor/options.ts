import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { ENGINES, type EngineKind } from '../picture.js'
import { type QuotesPolicy, SITES, type SiteName } from '../routes.js'
import { MIN_TICKS } from '../ticks.js'

export interface Options {
  readonly engines: Readonly<Record<SiteName, EngineKind>>
  readonly quotes: QuotesPolicy
  /** Of each ticker and day. */
  readonly ticks: number
  readonly daySeconds: number
  readonly pauseSeconds: number
  /** 0: any free one. Absent: 4100, or any free one. */
  readonly port: number | undefined
  readonly serviceToken: string
  readonly pageToken: string
}

export const HELP = `node dist/start.js [options]
  --engines NAME[,NAME]  what the sites run on: ${ENGINES.join(', ')}; one for both, or one each, as
                         kubemq,kafka for ${SITES.join(' on KubeMQ and ')} on Kafka (embedded)
  --quotes all|primary   how quotes are routed (all)
  --ticks N              ticks of each ticker and day (1500)
  --day-seconds S        how long a day is replayed (75)
  --pause-seconds S      between two days (5)
  PORT=N                 the page's port; 0: any free one (4100, or any free one)`

/** Throws a sentence for what cannot be. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engines: { type: 'string', default: 'embedded' },
      quotes: { type: 'string', default: 'all' },
      ticks: { type: 'string', default: '1500' },
      'day-seconds': { type: 'string', default: '75' },
      'pause-seconds': { type: 'string', default: '5' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { engines, quotes } = values
  if (quotes !== 'all' && quotes !== 'primary') throw new Error(`--quotes is "all" or "primary", not "${quotes}"`)
  return {
    engines: enginesOf(engines),
    quotes,
    ticks: whole('--ticks', values.ticks, MIN_TICKS, 100_000),
    daySeconds: whole('--day-seconds', values['day-seconds'], 1, 86_400),
    pauseSeconds: whole('--pause-seconds', values['pause-seconds'], 0, 3_600),
    port: env['PORT'] ? whole('PORT', env['PORT'], 0, 65_535) : undefined,
    serviceToken: randomUUID(),
    pageToken: randomUUID(),
  }
}

/** One name for all sites, or one for each. */
function enginesOf(text: string): Options['engines'] {
  const kinds = text.split(',').map((name) => {
    const kind = ENGINES.find((one) => one === name)
    if (kind === undefined) throw new Error(`--engines names one of ${ENGINES.join(', ')}, not "${name}"`)
    return kind
  })
  if (kinds.length !== 1 && kinds.length !== SITES.length)
    throw new Error(`--engines names one engine, or ${SITES.length}: one each for ${SITES.join(' and ')}`)
  const [first = 'embedded'] = kinds
  return { frankfurt: first, dublin: kinds[1] ?? first }
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new Error(`${name} is a whole number from ${min} to ${max}, not "${text}"`)
}
