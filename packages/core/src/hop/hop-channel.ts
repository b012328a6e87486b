import {
  type Cancel,
  type Capabilities,
  type Channel,
  type ChannelSpec,
  type Flow,
  MessagingError,
  type Outgoing,
  type Reception,
  type SendOutcome,
  type Source,
} from '@spanwire/driver'
import { parseId } from '../arrival/identity.js'
import type { Context } from '../client/context.js'
import { ask, TIMEOUT } from '../client/request.js'
import { without } from '../client/retry.js'
import { outboxOf, type Routed } from '../client/sending.js'
import type { Departure, Ending } from '../departure/message.js'
import { AGAIN } from '../departure/outgoing.js'
import { HopReading } from './hop-reading.js'
import { HopWork } from './hop-work.js'
import { probe } from './probe.js'

type Report = (index: number, outcome: SendOutcome) => void

const DONE: SendOutcome = { outcome: 'done' }
const DEFAULT_REQUEST_MS = 30_000

/** One channel over all sites of its route. */
export class HopChannel implements Channel {
  readonly can: Capabilities
  readonly #context: Context
  readonly #routed: Routed

  constructor(context: Context, spec: ChannelSpec, can: Capabilities) {
    this.can = can
    this.#context = context
    this.#routed = routedOf(spec)
  }

  /** A source's messages stay one lane here, in order and at one home; its seqs are not ours to give (R7, R49). */
  send(batch: readonly Outgoing[], report: Report): Cancel {
    const cancels = batch.map((message, index) =>
      this.#routed.kind === 'rpc' ? this.#ask(message, index, report) : this.#offer(message, index, report),
    )
    return (index) => {
      if (index === undefined) for (const cancel of cancels) cancel()
      else cancels[index]?.()
    }
  }

  receive(source: Source, flow: Flow, signal: AbortSignal): Promise<Reception> {
    const isWork = this.#routed.kind !== 'topic' || source.group !== undefined
    return isWork
      ? HopWork.attach(this.#context, this.#routed, source, flow, signal)
      : HopReading.attach(this.#context, this.#routed, source, flow, signal)
  }

  probe(signal: AbortSignal): Promise<void> {
    return probe(this.#context, signal)
  }

  #offer(message: Outgoing, index: number, report: Report): () => void {
    const outbox = outboxOf(this.#context, this.#routed)
    const lane = parseId(message.id)?.source ?? message.path
    const { body, delayMs, headers = [], id, key, path, ttlMs } = message
    const load = { path, key, body, bytes: body.length, headers, delayMs, ttlMs }
    const departure: Departure = outbox.offer(
      lane,
      load,
      this.#context.waitMs,
      (ending) => report(index, outcomeOf(ending)),
      id,
    )
    return () => {
      if (!departure.settled) outbox.cancel(lane, departure, new MessagingError('canceled', 'the sender gave up'))
    }
  }

  #ask(message: Outgoing, index: number, report: Report): () => void {
    const context = this.#context
    const gaveUp = new AbortController()
    let reported = false
    const tell = (outcome: SendOutcome): void => {
      if (!reported) report(index, outcome)
      reported = true
    }
    const { body, headers = [], id = '', path } = message
    const question = {
      rpc: { name: this.#routed.name, spec: this.#routed.spec, idempotent: false },
      encoded: { path, body, bytes: body.length, lane: path },
      headers: without(headers, [TIMEOUT, AGAIN]),
      signal: gaveUp.signal,
      id,
      until: context.runtime.now() + (message.ttlMs ?? DEFAULT_REQUEST_MS),
      tried: new Set<string>(),
      attempts: 0,
      ambiguous: false,
    }
    ask(context, question).then(
      (reply) => tell({ outcome: 'done', reply }),
      (error: unknown) => tell(failed(error)),
    )
    return () => {
      gaveUp.abort()
      tell({
        outcome: question.attempts > 0 ? 'unknown' : 'unsent',
        error: new MessagingError('canceled', 'the requester gave up'),
      })
    }
  }
}

function outcomeOf(ending: Ending): SendOutcome {
  if (ending.by === 'done') return DONE
  if (ending.by === 'unknown')
    return { outcome: 'unknown', error: ending.error ?? new MessagingError('outcome-unknown', 'no site confirmed it') }
  return failed(ending.error)
}

/** Nobody has it: refused if some site said so for good, else it never left (R51). */
function failed(error: unknown): SendOutcome {
  const known = MessagingError.is(error) ? error : new MessagingError('unavailable', String(error), { cause: error })
  if (known.code === 'outcome-unknown') return { outcome: 'unknown', error: known }
  const final = known.scope === 'message' && !known.retryable && known.code !== 'canceled'
  return { outcome: final ? 'refused' : 'unsent', error: known }
}

function routedOf(spec: ChannelSpec): Routed {
  const { kind, name } = spec
  if (kind !== 'topic') return { kind, name, spec, latest: false, delivery: 'durable' }
  return { kind, name, spec, latest: spec.latest, delivery: spec.keep }
}
