import {
  type Client,
  type Job,
  MessagingError,
  type Queue,
  type SubscribeOptions,
  type Subscription,
  type Topic,
} from '@spanwire/core'
import { loadConfig } from '@spanwire/node'
import { aborted } from '../request.js'
import { channel, clientOf } from '../session.js'
import { fromOf } from '../topic.js'
import { idleEnd } from './idle.js'
import { wait } from './pace.js'
import { type Arrived, payloadCodec, payloadSchema } from './payload.js'
import { DRAIN_MS, judged, type Run, sitesOf } from './run.js'
import { tell } from './tell.js'

export interface ConsumerOptions {
  readonly config?: string
  readonly channel: string
  readonly group?: string
  readonly from?: string
  readonly idle?: number
  readonly work: number
  readonly failEvery?: number
}

/** Messages that wait for the reader of stdout; then the topic's own way with slow readers applies. */
const BUFFER = 10_000
/** Jobs in work at once. */
const CONCURRENCY = 32

/** Prints what an application is given. */
export async function consume(options: ConsumerOptions): Promise<void> {
  const config = await loadConfig(options.config)
  const contract = channel(config, options.channel, 'topic', 'queue')
  refuseOthers(options, contract.kind)
  const from = fromOf(options.from ?? 'now')
  await judged(async (run) => {
    const client = await clientOf(config)
    const told = tell(client, run.lines)
    try {
      const reader = new Consumer(client, run, options)
      const summary = await (contract.kind === 'topic' ? reader.read(contract, from) : reader.work(contract))
      await client.close({ timeout: DRAIN_MS })
      await told
      return summary()
    } finally {
      await client.close({ timeout: DRAIN_MS })
    }
  })
}

function refuseOthers({ failEvery, from, group }: ConsumerOptions, kind: 'topic' | 'queue'): void {
  const wrong = kind === 'topic' ? { '--fail-every': failEvery } : { '--from': from, '--group': group }
  for (const [option, value] of Object.entries(wrong))
    if (value !== undefined) throw new MessagingError('invalid', `${option} means nothing for a ${kind}`)
}

type From = ReturnType<typeof fromOf>
type Summary = () => object

class Consumer {
  readonly #client: Client
  readonly #run: Run
  readonly #options: ConsumerOptions
  #received = 0
  #lastAt = performance.now()

  constructor(client: Client, run: Run, options: ConsumerOptions) {
    this.#client = client
    this.#run = run
    this.#options = options
  }

  async read(contract: Topic, from: From): Promise<Summary> {
    const topic: Topic<string, unknown, Arrived> = { ...contract, schema: payloadSchema, codec: payloadCodec }
    const { group } = this.#options
    // Also of a topic that keeps the latest every message counts here, not only the newest.
    const order = topic.delivery === 'durable' ? 'strict' : 'arrival'
    const how: SubscribeOptions = { from, order, buffer: BUFFER, ...(group === undefined ? undefined : { group }) }
    const subscription = this.#client.subscribe(topic, {}, how)
    await this.#started(subscription.ready, () => subscription.status())
    const { signal } = this.#run
    const cut = new AbortController()
    const stop = (): void => {
      // What is here already is given out, within the time of a drain.
      setTimeout(() => cut.abort(), DRAIN_MS).unref()
      void subscription.stop()
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    await this.#readAll(subscription, cut.signal)
    const { duplicates, gapsOpen } = subscription.status()
    return () => ({ received: this.#received, duplicatesDropped: duplicates, gapsOpen })
  }

  async #readAll(subscription: Subscription<Arrived>, cut: AbortSignal): Promise<void> {
    for await (const message of subscription) {
      const { again, late, seq, site, source, uncertain } = message
      // Both say the same to who counts: an earlier copy may have been seen.
      const redelivered = again || uncertain
      this.#record(message.value, { site, late, redelivered, attempt: 1, again, uncertain, source, seq })
      await this.#breath()
      if (cut.aborted) break
    }
  }

  async work(contract: Queue): Promise<Summary> {
    const queue: Queue<string, unknown, Arrived> = { ...contract, schema: payloadSchema, codec: payloadCodec }
    const { lines, signal } = this.#run
    const ids = new WeakMap<Job, string>()
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const handle = async (value: Arrived, job: Job): Promise<void> => {
      // The first site may deliver while others are still attaching.
      await begun
      ids.set(job, value.id)
      const { again, attempt, redelivered, site } = job
      const fails = (this.#received + 1) % (this.#options.failEvery ?? Number.POSITIVE_INFINITY) === 0
      const how = { site, late: false, redelivered: redelivered || again, attempt, again }
      this.#record(value, fails ? { ...how, fails } : how)
      await this.#breath()
      if (fails) throw new Error(`${value.id} failed, as --fail-every asks`)
    }
    const worker = this.#client.consume(queue, handle, {
      concurrency: CONCURRENCY,
      onSettled: (job, how) => lines.print('settled', { id: ids.get(job), how }),
    })
    await this.#started(worker.ready, () => ({}))
    begin()
    await aborted(signal)
    return () => ({ received: this.#received, duplicatesDropped: 0, gapsOpen: 0 })
  }

  async #started(ready: Promise<void>, status: () => object): Promise<void> {
    const { lines, signal } = this.#run
    // Who ends us while no site can be reached is obeyed.
    await Promise.race([ready, aborted(signal)])
    const sites = await sitesOf(this.#client, signal)
    if (!signal.aborted) lines.print('startup_complete', { sites, ...status() })
    this.#lastAt = performance.now()
    idleEnd(this.#options.idle, () => this.#lastAt, this.#run)
  }

  #record({ bytes, id, key, n, p }: Arrived, how: object): void {
    this.#received += 1
    this.#lastAt = performance.now()
    this.#run.lines.print('record', { id, key, n, p, ...how, bytes })
  }

  /** The work, and no next one while nobody reads our lines. */
  async #breath(): Promise<void> {
    const { lines, signal } = this.#run
    const room = lines.room()
    if (room !== undefined) await room
    if (this.#options.work > 0) await wait(this.#options.work, signal)
  }
}
