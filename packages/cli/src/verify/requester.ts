import { type Client, MessagingError, type Rpc } from '@spanwire/core'
import { loadConfig } from '@spanwire/node'
import { channel, clientOf } from '../session.js'
import { paced } from './pace.js'
import { freshPrefix } from './payload.js'
import { type Answer, answerSchema, type Question, questionSchema } from './question.js'
import { DRAIN_MS, judged, type Run, settled, since, sitesOf } from './run.js'
import { tell } from './tell.js'
import { UnderWay } from './under-way.js'

export interface RequesterOptions {
  readonly config?: string
  readonly channel: string
  readonly count: number
  readonly rate: number
  readonly prefix?: string
  readonly timeout?: number
  /** Whatever the channel says. */
  readonly notIdempotent?: boolean
}

type Target = Rpc<string, Question, Question, Answer, Answer>

/** Asks at a rate and says of each request how it ended. */
export async function ask(options: RequesterOptions): Promise<void> {
  const config = await loadConfig(options.config)
  const contract = channel(config, options.channel, 'rpc')
  const rpc: Target = {
    ...contract,
    schema: questionSchema,
    reply: answerSchema,
    idempotent: options.notIdempotent === true ? false : contract.idempotent,
  }
  await judged(async (run) => {
    const client = await clientOf(config)
    try {
      return await new Requester(options, rpc, client, run).ask()
    } finally {
      await client.close({ timeout: DRAIN_MS })
    }
  })
}

class Requester {
  readonly #options: RequesterOptions
  readonly #rpc: Target
  readonly #client: Client
  readonly #run: Run
  readonly #prefix: string
  readonly #underWay = new UnderWay(0)
  readonly #summary = { sent: 0, replies: 0, notSent: 0, unknown: 0, remote: 0 }

  constructor(options: RequesterOptions, rpc: Target, client: Client, run: Run) {
    this.#options = options
    this.#rpc = rpc
    this.#client = client
    this.#run = run
    this.#prefix = options.prefix ?? freshPrefix()
  }

  async ask(): Promise<object> {
    const { lines, signal } = this.#run
    const told = tell(this.#client, lines)
    lines.print('startup_complete', { sites: await sitesOf(this.#client, signal) })
    const { count, rate } = this.#options
    const room = (): number => (lines.full ? 0 : this.#underWay.room)
    await paced({ count, rate, signal, room }, (index) => void this.#underWay.add(this.#one(index + 1)))
    await settled(this.#underWay, [this.#client], signal)
    await told
    return this.#summary
  }

  async #one(n: number): Promise<void> {
    const id = `${this.#prefix}-${n}`
    const { timeout } = this.#options
    const params = Object.fromEntries(this.#rpc.params.map((name) => [name, KEY]))
    const how = { params, ...(timeout === undefined ? undefined : { timeout }) }
    const began = performance.now()
    this.#summary.sent += 1
    try {
      const { site } = await this.#client.request(this.#rpc, { id, n }, how)
      this.#summary.replies += 1
      this.#run.lines.print('reply', { id, n, ms: since(began), site })
    } catch (error) {
      this.#failed(id, n, error, since(began))
    }
  }

  #failed(id: string, n: number, error: unknown, ms: number): void {
    const outcome = outcomeOf(error)
    this.#summary[COUNTERS[outcome]] += 1
    const code = MessagingError.is(error) ? error.code : 'outcome-unknown'
    const message = error instanceof Error ? error.message : String(error)
    this.#run.lines.print('request_error', { id, n, outcome, code, message, ms })
  }
}

/** Fills the parameters of the channel, if it has any. */
const KEY = 'k0'

const COUNTERS = { 'not-sent': 'notSent', unknown: 'unknown', remote: 'remote' } as const

/** `not-sent` promises that nobody ran it and nobody will. */
function outcomeOf(error: unknown): keyof typeof COUNTERS {
  if (!MessagingError.is(error) || error.code === 'outcome-unknown') return 'unknown'
  // An answer that cannot be read is an answer all the same.
  return error.code === 'remote' || error.code === 'decode' ? 'remote' : 'not-sent'
}
