import {
  type Cancel,
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type Flow,
  isPathPattern,
  MessagingError,
  type Outgoing,
  type Reception,
  type SendOutcome,
  type Source,
} from '@spanwire/driver'
import { parseId } from '../arrival/identity.js'
import { reasons } from '../client/context.js'
import { outboxOf, type Routed } from '../client/sending.js'
import { Letter } from '../departure/letter.js'
import type { Ending } from '../departure/message.js'
import { ask } from './ask.js'
import { HopReading } from './hop-reading.js'
import { HopWork } from './hop-work.js'
import type { Busy, HopLife } from './life.js'
import { failed } from './outcome.js'
import { placesOf, sitesOf } from './places.js'
import { probeAny } from './probe.js'

type Tell = (outcome: SendOutcome) => void
/** Ends what is not reported yet: reports it before it returns. */
type End = (error: MessagingError) => void

const DONE: SendOutcome = { outcome: 'done' }
const nothing = (): void => undefined

/** One channel over all sites of its route. */
export class HopChannel implements Channel, Busy {
  readonly can: Capabilities
  readonly #life: HopLife
  readonly #routed: Routed
  /** Calls to `send` with messages that are not reported yet. */
  readonly #sending = new Set<End>()

  constructor(life: HopLife, spec: ChannelSpec, can: Capabilities) {
    this.can = can
    this.#life = life
    this.#routed = routedOf(spec)
  }

  /** A source's messages stay one lane here, in order and at one home; its seqs are not ours to give (R7, R49). */
  send(batch: readonly Outgoing[], report: (index: number, outcome: SendOutcome) => void): Cancel {
    const ends: End[] = []
    const giveUp: End = (error) => {
      for (const end of ends) end(error)
    }
    let open = batch.length
    if (open > 0) this.#open(giveUp)
    const start = this.#starter()
    for (const [index, message] of batch.entries()) {
      const tell: Tell = (outcome) => {
        open -= 1
        if (open === 0) this.#done(giveUp)
        report(index, outcome)
      }
      ends.push(start(message, tell))
    }
    return (index) => {
      const error = new MessagingError('canceled', 'the sender gave up')
      if (index === undefined) giveUp(error)
      else ends[index]?.(error)
    }
  }

  async receive(source: Source, flow: Flow, signal: AbortSignal): Promise<Reception> {
    const { kind, name, spec } = this.#routed
    if (this.#life.over) throw this.#life.closed()
    const late = (): MessagingError => new MessagingError('canceled', `${name}: attaching was given up`)
    if (signal.aborted) throw late()
    this.#check(source)
    const made = kind !== 'topic' || source.group !== undefined ? HopWork : HopReading
    const reception = new made(this.#life, spec, this.can, source, flow)
    try {
      await this.#life.within(reception.attached, signal, late)
      return reception
    } catch (error) {
      await reception.stop(AbortSignal.abort())
      throw error
    }
  }

  /** Proves the channel at one site at least. */
  probe(signal: AbortSignal): Promise<void> {
    const { name, spec } = this.#routed
    const { context } = this.#life
    const channels = placesOf(context, spec).flatMap((place) => (place.at === 'open' ? [place.channel] : []))
    return probeAny(
      this.#life,
      channels,
      signal,
      (code) => new MessagingError(code, `${name}: no site answered: ${reasons(context)}`, { scope: 'channel' }),
    )
  }

  /** The last of its sites went away: what they have not taken is the sender's again. */
  look(): void {
    const error = this.#unable()
    if (error !== undefined) this.giveUp(error)
  }

  giveUp(error: MessagingError): void {
    for (const end of this.#sending) end(error)
  }

  #open(send: End): void {
    this.#sending.add(send)
    this.#life.busy.add(this)
  }

  #done(send: End): void {
    this.#sending.delete(send)
    if (this.#sending.size === 0) this.#life.busy.delete(this)
  }

  /** How a message starts now: all of a batch find the same. */
  #starter(): (message: Outgoing, tell: Tell) => End {
    const error = this.#unable()
    if (error === undefined)
      return this.#routed.kind === 'rpc'
        ? (message, tell) => ask(this.#life.context, this.#routed, message, tell)
        : (message, tell) => this.#offer(message, tell)
    return (_, tell) => {
      tell({ outcome: 'unsent', error })
      return nothing
    }
  }

  /** Nobody is there to take it: whoever sends knows more ways than we do (R51). */
  #unable(): MessagingError | undefined {
    const { context, over } = this.#life
    if (over) return this.#life.closed()
    const { name, spec } = this.#routed
    if (sitesOf(context, spec).some((site) => context.session(site).link !== undefined)) return undefined
    return new MessagingError('unavailable', `${name}: ${reasons(context)}`, { scope: 'channel' })
  }

  #offer(message: Outgoing, tell: Tell): End {
    const { context } = this.#life
    const outbox = outboxOf(context, this.#routed)
    const { delayMs, id, key, path, ttlMs } = message
    if ((delayMs ?? 0) > this.can.maxDelayMs || (ttlMs !== undefined && !this.can.ttl)) {
      tell({ outcome: 'refused', error: this.#incapable(delayMs) })
      return nothing
    }
    // A stranger's lane is none of the client's own, whose seqs must have no holes.
    const lane = parseId(id)?.source ?? `foreign ${key ?? path}`
    const letter = new Letter(message, id)
    const untilMs = context.publisher.moment.clocks.nowMs + context.limits.waitMs
    const departure = outbox.offer(lane, letter, untilMs, {
      ended: (ending) => tell(outcomeOf(ending)),
    })
    return (error) => {
      if (!departure.settled) outbox.cancel(lane, departure, error)
    }
  }

  #incapable(delayMs: number | undefined): MessagingError {
    const what = (delayMs ?? 0) > this.can.maxDelayMs ? `a delay of ${delayMs} ms` : 'an expiry'
    return new MessagingError('capability', `${this.#routed.name}: ${what} cannot be had at all of its sites`)
  }

  /** Sites that cannot do it would be read another way; whoever asks here learns that it cannot be had everywhere. */
  #check({ group, paths = [], start }: Source): void {
    const { kind, name, spec } = this.#routed
    const { can } = this
    const refuse = (code: 'invalid' | 'capability', text: string): never => {
      throw new MessagingError(code, `${name}: ${text}`, { scope: 'channel' })
    }
    if (!paths.every((path) => isPathPattern(path, spec.params))) refuse('invalid', 'a pattern is not well-formed')
    if (start !== undefined && kind !== 'topic') refuse('invalid', 'only topics have a start')
    if (start !== undefined && !can.starts.includes(start.at))
      refuse('capability', `start ${start.at} cannot be had at all of its sites`)
    if (group === undefined) return
    if (kind !== 'topic') refuse('invalid', 'only topics have groups')
    if (!can.groups) refuse('capability', 'groups cannot be had at all of its sites')
    if (this.#life.context.policy(spec).by === 'all')
      refuse('capability', 'a group needs one home site, and the route is all() (R43)')
  }
}

function outcomeOf(ending: Ending): SendOutcome {
  if (ending.by === 'done') return DONE
  if (ending.by === 'unknown')
    return { outcome: 'unknown', error: ending.error ?? new MessagingError('outcome-unknown', 'no site confirmed it') }
  return failed(ending.error)
}

function routedOf(spec: ChannelSpec): Routed {
  const { kind, name } = spec
  if (kind !== 'topic') return { kind, name, spec, latest: false, delivery: 'durable' }
  return { kind, name, spec, latest: spec.latest, delivery: spec.keep }
}
