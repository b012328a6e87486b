import { createInterface } from 'node:readline'
import { type Duration, MessagingError, type SubscribeOptions } from '@spanwire/core'
import { channel, during, open } from './session.js'
import { parseParams, parseValue, print } from './values.js'

interface PubOptions {
  readonly config?: string
  readonly param?: string[]
  readonly timeout?: Duration
}

export async function pub(name: string, value: string | undefined, options: PubOptions): Promise<void> {
  const { client, config } = await open(options.config)
  await during(client, async (signal) => {
    const topic = channel(config, name, 'topic')
    const how = { params: parseParams(options.param), signal, ...(options.timeout && { timeout: options.timeout }) }
    if (value !== undefined) return print(await client.publish(topic, parseValue(value, 'the value'), how))
    for await (const line of createInterface({ input: process.stdin, signal })) {
      if (line.trim() !== '') print(await client.publish(topic, parseValue(line, 'a line of stdin'), how))
    }
  })
}

interface SubOptions {
  readonly config?: string
  readonly param?: string[]
  readonly from: string
  readonly count?: number
  readonly group?: string
}

export async function sub(name: string, options: SubOptions): Promise<void> {
  const { client, config } = await open(options.config)
  await during(client, async (signal) => {
    const topic = channel(config, name, 'topic')
    const { count = Number.POSITIVE_INFINITY, group } = options
    const how = { from: fromOf(options.from), signal, ...(group === undefined ? undefined : { group }) }
    const subscription = client.subscribe(topic, parseParams(options.param), how)
    await subscription.ready
    console.error(`subscribed at ${subscription.status().attached.join(', ')}`)
    let got = 0
    for await (const { headers, late, params, seq, site, source, value } of subscription) {
      print({
        value,
        params,
        site,
        source,
        seq,
        ...(late && { late }),
        ...(Object.keys(headers).length > 0 && { headers }),
      })
      got += 1
      if (got >= count) break
    }
  })
}

/** Where a subscription starts, as people write it. */
export function fromOf(text: string): NonNullable<SubscribeOptions['from']> {
  if (text === 'now' || text === 'beginning' || text === 'latest') return text
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isFinite(time)) return time
  throw new MessagingError(
    'invalid',
    `--from ${text}: now, beginning, latest, a date such as 2026-01-31T08:00:00Z, or Unix ms`,
  )
}
