import { type Client, MessagingError, type Queue, type Sent, type Topic } from '@spanwire/core'
import { loadConfig } from '@spanwire/node'
import { channel, clientOf } from '../session.js'
import { paced } from './pace.js'
import { type Arrived, freshPrefix, type Payload, padded, payloadCodec, payloadSchema, turn } from './payload.js'
import { DRAIN_MS, judged, type Run, settled, since, sitesOf } from './run.js'
import { tell } from './tell.js'
import { UnderWay } from './under-way.js'

export interface ProducerOptions {
  readonly config?: string
  readonly channel: string
  readonly count: number
  readonly rate: number
  readonly keys: number
  readonly publishers: number
  readonly size: number
  readonly prefix?: string
  readonly timeout?: number
}

type Target = Topic<string, Payload, Arrived> | Queue<string, Payload, Arrived>

/** Sends at a rate and says of each message how it ended. */
export async function produce(options: ProducerOptions): Promise<void> {
  const config = await loadConfig(options.config)
  const target = targetOf(channel(config, options.channel, 'topic', 'queue'))
  await judged(async (run) => {
    // A publisher is a client: it alone has an identity, lanes and links of its own, as another process would.
    const clients = await Promise.all(Array.from({ length: options.publishers }, () => clientOf(config)))
    try {
      return await new Producer(options, target, clients, run).produce()
    } finally {
      await Promise.all(clients.map((client) => client.close({ timeout: DRAIN_MS })))
    }
  })
}

/**
 * The key fills every parameter of the channel. A topic without parameters gets it as its ordering key. A queue without
 * parameters gets none: queues promise no order, and a key would only spread its jobs over lanes.
 */
function targetOf(contract: Topic | Queue): Target {
  const typed = { ...contract, schema: payloadSchema, codec: payloadCodec }
  return typed.kind === 'topic' && typed.params.length === 0 ? { ...typed, key: ({ key }: Payload) => key } : typed
}

class Producer {
  readonly #options: ProducerOptions
  readonly #target: Target
  readonly #clients: readonly Client[]
  readonly #run: Run
  readonly #prefix: string
  readonly #underWay: UnderWay
  readonly #summary = { sent: 0, acked: 0, failed: 0, unknown: 0 }

  constructor(options: ProducerOptions, target: Target, clients: readonly Client[], run: Run) {
    this.#options = options
    this.#target = target
    this.#clients = clients
    this.#run = run
    this.#prefix = options.prefix ?? freshPrefix()
    this.#underWay = new UnderWay(options.size)
  }

  async produce(): Promise<object> {
    const { lines, signal } = this.#run
    const told = this.#clients.map((client, p) => tell(client, lines, { p }))
    const [first] = await Promise.all(this.#clients.map((client) => sitesOf(client, signal)))
    lines.print('startup_complete', { sites: first, channel: this.#target.template })
    const { count, rate } = this.#options
    const room = (): number => (lines.full ? 0 : this.#underWay.room)
    await paced({ count, rate, signal, room }, (index) => void this.#underWay.add(this.#send(index)))
    await settled(this.#underWay, this.#clients, signal)
    await Promise.all(told)
    return this.#summary
  }

  async #send(index: number): Promise<void> {
    const { keys, publishers, size } = this.#options
    const { key, n, p } = turn(index, publishers, keys)
    const payload = padded({ id: `${this.#prefix}-${p}-${key}-${n}`, key, n, p }, size)
    const began = performance.now()
    this.#summary.sent += 1
    try {
      this.#succeeded(payload, await this.#handOver(payload), since(began))
    } catch (error) {
      this.#failed(payload, error, since(began))
    }
  }

  #handOver(payload: Payload): Promise<Sent> {
    const client = this.#clients[payload.p]
    if (client === undefined) throw new MessagingError('invalid', `no publisher ${payload.p}`)
    const { timeout } = this.#options
    const params = Object.fromEntries(this.#target.params.map((name) => [name, payload.key]))
    const how = { params, ...(timeout === undefined ? undefined : { timeout }) }
    return this.#target.kind === 'topic'
      ? client.publish(this.#target, payload, how)
      : client.send(this.#target, payload, how)
  }

  #succeeded({ id, key, n, p }: Payload, { sites }: Sent, ms: number): void {
    this.#summary.acked += 1
    this.#run.lines.print('producer_send_success', { id, key, n, p, site: sites[0], sites, ms })
  }

  /** Only an error that the client vouches for promises that nobody will ever receive it. */
  #failed({ id, key, n, p }: Payload, error: unknown, ms: number): void {
    const known = MessagingError.is(error) ? error : undefined
    const outcome = known === undefined || known.code === 'outcome-unknown' ? 'unknown' : 'failed'
    this.#summary[outcome] += 1
    const code = known?.code ?? 'outcome-unknown'
    const message = error instanceof Error ? error.message : String(error)
    this.#run.lines.print('producer_send_error', { id, key, n, p, outcome, code, message, ms })
  }
}
