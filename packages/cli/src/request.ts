import type { Duration } from '@spanwire/core'
import { channel, during, open } from './session.js'
import { parseParams, parseValue, print } from './values.js'

interface RequestOptions {
  readonly config?: string
  readonly param?: string[]
  readonly timeout?: Duration
}

export async function request(name: string, query: string, options: RequestOptions): Promise<void> {
  const { client, config } = await open(options.config)
  await during(client, async (signal) => {
    const rpc = channel(config, name, 'rpc')
    const how = { params: parseParams(options.param), signal, ...(options.timeout && { timeout: options.timeout }) }
    print(await client.request(rpc, parseValue(query, 'the query'), how))
  })
}

export async function respond(name: string, answer: string, options: { readonly config?: string }): Promise<void> {
  const { client, config } = await open(options.config)
  await during(client, async (signal) => {
    const value = parseValue(answer, 'the answer')
    const responder = client.respond(channel(config, name, 'rpc'), (query, { id, site }) => {
      print({ id, site, query })
      return value
    })
    await responder.ready
    console.error(`responding to ${name}`)
    await aborted(signal)
  })
}

export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
