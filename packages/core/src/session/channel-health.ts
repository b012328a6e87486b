import type { Channel, MessagingError, SendOutcome } from '@spanwire/driver'
import { inTime } from '../runtime/in-time.js'
import type { Runtime } from '../runtime/runtime.js'
import { asFault } from './dial.js'
import type { Patience } from './patience.js'
import { SendHealth } from './send-health.js'
import type { Sender } from './sender.js'

export interface ChannelHealthOptions {
  /** For people: kind and name. */
  readonly what: string
  readonly channel: Channel
  readonly patience: Patience
  readonly runtime: Runtime
  /** What was handed over on the channel. */
  readonly sender: Pick<Sender, 'abandonSince' | 'inflight' | 'seenSince'>
  /** Whether a message that nobody answers may be sent again, though it may have been taken. */
  readonly resends: boolean
  /** Ill: what is on its way is to be forgotten, so that it can go elsewhere. Absent: sends are tried again. */
  onChange(ill: MessagingError | undefined): void
}

/** Sends of a channel do not end as they should. */
export interface Sign {
  /** Since the first of them, Runtime ms. */
  readonly since: number
  readonly error: MessagingError
}

/**
 * Whether the sends of one channel get through, though the link behind them lives: a stream without a leader refuses
 * them, a hung partition does not answer. Ill, the channel is left alone for a while, then asked, then tried. A message
 * that stays unanswered although who takes it answers was lost, as by a leader that stepped down: it goes again.
 */
export class ChannelHealth {
  readonly #options: ChannelHealthOptions
  readonly #sends = new SendHealth()
  #state: 'well' | 'ill' | 'over' = 'well'
  #sign: Sign | undefined
  #asking: AbortController | undefined
  #reports = 0
  #seen = 0
  #movedAt = Number.NEGATIVE_INFINITY
  #cancel = () => {}

  constructor(options: ChannelHealthOptions) {
    this.#options = options
  }

  /** Its first sign of illness, before it is taken for ill and as long as nothing gets through. */
  get sign(): Sign | undefined {
    return this.#sign
  }

  /** Runs for each message that ended. */
  ended(outcome: SendOutcome): void {
    this.#reports += 1
    if (outcome.outcome === 'done') {
      this.#sends.done()
      this.#sign = undefined
    } else if (isIllness(outcome.error) && this.#state === 'well') {
      const { error } = outcome
      const now = this.#options.runtime.now()
      this.#sign ??= { since: now, error }
      if (this.#sends.failed(now)) this.#fall(error)
    }
  }

  /** Called now and then while the link lives: messages that nobody answers make it ask who takes them. */
  look(): void {
    const { patience, runtime, sender } = this.#options
    const now = runtime.now()
    const waitedMs = now - sender.seenSince(now)
    const silentMs = Math.min(now - this.#movedAt, waitedMs)
    if (sender.inflight === 0 || this.#reports !== this.#seen || this.#state === 'ill') {
      this.#seen = this.#reports
      this.#movedAt = now
    } else if (silentMs >= patience.suspectMs && !this.#asking) {
      const reports = this.#reports
      this.#ask().then(
        // Slow, but somebody is there.
        () => {
          this.#movedAt = runtime.now()
        },
        (error: MessagingError) => {
          if (this.#reports !== reports || this.#state !== 'well') return
          this.#sign ??= { since: now - silentMs, error }
          this.#fall(error)
        },
      )
    }
    if (waitedMs >= patience.downMs && !this.#asking && this.#state === 'well') this.#doubt(now - patience.downMs)
  }

  /** What has been out since then or longer goes again, if who takes it answers; if not, the channel is judged as a whole. */
  #doubt(sinceMs: number): void {
    const { resends, sender } = this.#options
    if (!resends) return
    this.#ask().then(
      () => {
        if (this.#state === 'well') sender.abandonSince(sinceMs)
      },
      () => undefined,
    )
  }

  end(): void {
    this.#state = 'over'
    this.#cancel()
    this.#asking?.abort()
  }

  async #ask(): Promise<void> {
    const { channel, patience, runtime, what } = this.#options
    const ms = patience.downMs - patience.suspectMs
    const late = `${what}: who takes its messages does not answer, though the connection stands.`
    this.#asking = new AbortController()
    try {
      await inTime({ runtime, ms, late }, this.#asking, (cut) => channel.probe(cut))
    } catch (error) {
      throw asFault(error, `${what} does not answer.`)
    } finally {
      this.#asking = undefined
    }
  }

  #fall(error: MessagingError): void {
    const { onChange, runtime } = this.#options
    if (this.#state === 'over') return
    this.#state = 'ill'
    this.#leave()
    // Not from within the report that told: what is on its way ends in a turn of its own.
    runtime.turn(() => {
      if (this.#state === 'ill') onChange(error)
    })
  }

  #leave(): void {
    const { runtime } = this.#options
    const ms = this.#sends.leaveMs(runtime.now(), runtime.random())
    this.#cancel = runtime.after(ms, () => void this.#try())
  }

  async #try(): Promise<void> {
    const { onChange, runtime } = this.#options
    try {
      await this.#ask()
      if (this.#state === 'over') return
      this.#sends.recovered(runtime.now())
      this.#state = 'well'
      this.#sign = undefined
      onChange(undefined)
    } catch {
      if (this.#state !== 'over') this.#leave()
    }
  }
}

/** Of the channel, and not for good: its link is judged by its own signs of life, a wrong message is nobody's illness, overload asks for patience. */
function isIllness({ code, retryable, scope }: MessagingError): boolean {
  return scope === 'channel' && code !== 'overloaded' && (retryable || code === 'outcome-unknown')
}
