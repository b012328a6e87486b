import { type Duration, MessagingError, type Status } from '@spanwire/core'
import { contractOf } from '@spanwire/node'
import { dialed, during, open } from './session.js'
import { parseParams, print } from './values.js'

const OPERATIONS = ['publish', 'send', 'request', 'subscribe', 'consume', 'respond'] as const

interface StatusOptions {
  readonly config?: string
  readonly timeout?: Duration
  readonly json?: boolean
}

/** Waits until every site is up or has failed once, then tells. Exits with 1 when one is not up. */
export async function status(options: StatusOptions): Promise<void> {
  const { client } = await open(options.config)
  await during(client, async (signal) => {
    await dialed(client, signal)
    const now = client.status()
    if (options.json) print(now)
    else for (const site of now.sites) console.log(line(site))
    if (now.sites.some((site) => site.state !== 'up')) process.exitCode = 1
  })
}

function line({ endpoint, engine, error, name, rttMs, state }: Status['sites'][number]): string {
  const facts = [state, engine, endpoint, rttMs === undefined ? '' : `${rttMs.toFixed(1)} ms`]
    .filter(Boolean)
    .join('  ')
  return `${name.padEnd(16)}${facts}${error === undefined ? '' : `  [${error.code}] ${error.message}`}`
}

interface ExplainOptions {
  readonly config?: string
  readonly param?: string[]
  readonly key?: string
  readonly json?: boolean
}

export async function explain(operation: string, name: string, options: ExplainOptions): Promise<void> {
  const op = OPERATIONS.find((one) => one === operation)
  if (op === undefined)
    throw new MessagingError('invalid', `"${operation}" is no operation; one of ${OPERATIONS.join(', ')}`)
  const { client, config } = await open(options.config)
  await during(client, async (signal) => {
    await dialed(client, signal)
    const { key, param } = options
    const why = client.explain(op, contractOf(config, name), {
      params: parseParams(param),
      ...(key === undefined ? undefined : { key }),
    })
    if (options.json) return print(why)
    console.log(`${why.op} ${why.channel} by ${why.policy}: ${why.sites[0] ?? 'nowhere'}`)
    for (const sentence of why.trace) console.log(`  ${sentence}`)
  })
}
