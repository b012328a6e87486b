import type { Duration, Job } from '@spanwire/core'
import { aborted } from './request.js'
import { channel, during, open } from './session.js'
import { parseParams, parseValue, print } from './values.js'

interface SendOptions {
  readonly config?: string
  readonly param?: string[]
  readonly timeout?: Duration
  readonly delay?: Duration
}

export async function send(name: string, value: string, options: SendOptions): Promise<void> {
  const { client, config } = await open(options.config)
  await during(client, async (signal) => {
    const { delay, timeout } = options
    const how = { params: parseParams(options.param), signal, ...(timeout && { timeout }), ...(delay && { delay }) }
    print(await client.send(channel(config, name, 'queue'), parseValue(value, 'the job'), how))
  })
}

interface ConsumeOptions {
  readonly config?: string
  readonly count?: number
}

export async function consume(name: string, options: ConsumeOptions): Promise<void> {
  await work(name, options, () => undefined)
}

/** Looks at jobs by taking them and giving them back: their count of deliveries goes up by one. */
export async function peek(name: string, options: ConsumeOptions): Promise<void> {
  await work(name, options, (job) => job.retry(0))
}

async function work(name: string, options: ConsumeOptions, end: (job: Job) => void): Promise<void> {
  const { client, config } = await open(options.config)
  await during(client, async (signal) => {
    const enough = new AbortController()
    const { count = Number.POSITIVE_INFINITY } = options
    let got = 0
    const worker = client.consume(channel(config, name, 'queue'), (value, job) => {
      const { attempt, headers, id, site } = job
      print({ id, value, site, attempt, headers })
      end(job)
      got += 1
      if (got >= count) enough.abort()
    })
    await worker.ready
    console.error(`consuming ${name}`)
    await aborted(AbortSignal.any([signal, enough.signal]))
  })
}
