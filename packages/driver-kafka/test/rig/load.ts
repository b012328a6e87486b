import type { Channel, Delivery, MessagingError, Reception } from '@spanwire/driver'
import { send, textOf } from '../../../driver/test/talk.js'

const EVERY_MS = 20

interface Mark {
  readonly atMs: number
  readonly text: string
}

/** Sends to a channel and reads from it, one message after the other, and keeps book of both. */
export class Load {
  readonly sent: Mark[] = []
  readonly came: Mark[] = []
  /** Sent once more, as nobody knew what had become of it. */
  readonly unsure: Set<string> = new Set()
  /** What became of each that was given out, for whoever looks for one that is missing. */
  readonly #given: Map<string, string[]> = new Map()
  readonly #channel: Channel
  readonly #reception: Reception
  readonly #sending: Promise<void>
  readonly #receiving: Promise<void>
  #isOver = false

  /** Of a settled source `came` is what was settled, and the engine had confirmed it. */
  constructor(channel: Channel, reception: Reception, how: 'read' | 'settled') {
    this.#channel = channel
    this.#reception = reception
    this.#sending = this.#send()
    this.#receiving = this.#receive(how)
  }

  /** Sends no more, waits until all that was sent has come, and ends. */
  async end(signal: AbortSignal): Promise<void> {
    this.#isOver = true
    await this.#sending
    const have = (): boolean => {
      const texts = new Set(this.came.map(({ text }) => text))
      return this.sent.every(({ text }) => texts.has(text))
    }
    while (!have() && !signal.aborted) await elapse()
    await this.#reception.stop(signal)
    await this.#receiving
  }

  /** The longest time between two, from there on. */
  longestGapMs(of: 'sent' | 'came', fromMs: number): number {
    const times = this[of].map(({ atMs }) => atMs).filter((atMs) => atMs > fromMs)
    return Math.max(...times.map((atMs, i) => atMs - (times[i - 1] ?? fromMs)))
  }

  /** What did not come though it was sent, with what became of it. */
  lost(): readonly string[] {
    const texts = new Set(this.came.map(({ text }) => text))
    const missing = this.sent.map(({ text }) => text).filter((text) => !texts.has(text))
    return missing.map((text) => `${text}: ${this.#given.get(text)?.join(', ') ?? 'never given out'}`)
  }

  /** What was given out again as if it were the first time, though it was never sent again. */
  unflagged(): readonly string[] {
    const all = [...this.#given].filter(([text, given]) => given.length > 1 && !this.unsure.has(text))
    return all.flatMap(([text, [, ...again]]) =>
      again.filter((one) => one.startsWith('1 ')).map((one) => `${text}: ${one}`),
    )
  }

  /** What came more than once though it was never sent again. */
  doubled(): readonly string[] {
    const seen = new Set<string>()
    return this.came
      .map(({ text }) => text)
      .filter((text) => seen.size === seen.add(text).size && !this.unsure.has(text))
  }

  async #send(): Promise<void> {
    for (let at = 0; !this.#isOver; ) {
      const text = `m${at}`
      const [outcome] = await send(this.#channel, { body: text, id: `load.${at}.1` })
      if (outcome?.outcome === 'unknown') this.unsure.add(text)
      if (outcome?.outcome === 'done') {
        this.sent.push({ atMs: performance.now(), text })
        at += 1
      }
      await elapse()
    }
  }

  async #receive(how: 'read' | 'settled'): Promise<void> {
    for (let batch = await this.#reception.next(); batch; batch = await this.#reception.next())
      for (const delivery of batch.deliveries) this.#take(delivery, how)
  }

  #take(delivery: Delivery, how: 'read' | 'settled'): void {
    const text = textOf(delivery)
    const { attempt } = delivery
    const given = this.#given.get(text) ?? []
    this.#given.set(text, given)
    const at = given.push(`${attempt} open`) - 1
    const done = (): void => {
      given[at] = `${attempt} done`
      this.came.push({ atMs: performance.now(), text })
    }
    if (how === 'read') done()
    else delivery.settle('ack').then(done, ({ code }: MessagingError) => (given[at] = `${attempt} ${code}`))
  }
}

function elapse(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, EVERY_MS))
}
