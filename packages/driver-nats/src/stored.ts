import { type Msg, nuid } from '@nats-io/transport-node'
import type { Channel, Outgoing, SendOutcome, Source } from '@spanwire/driver'
import { channelError, failed, maybe } from '@spanwire/driver/kit'
import { type ApiError, apiFault } from './api.js'
import { filterOf, fromOf, type Membership } from './consumers.js'
import { incapable } from './errors.js'
import { encodeHeaders, headText, line, statusOf } from './headers.js'
import { readLog } from './log.js'
import type { Opened } from './opened.js'
import { outletOf } from './outlet.js'
import { sendForAnswers } from './sending.js'
import { isLed, laterSubject, streamOf, streamThere } from './streams.js'
import { share } from './work.js'

/** The consumer in which all workers of a queue share. */
const WORKERS = 'workers'

/** A durable topic or a queue: a stream that acknowledges each message. `created`: when it was made. */
export function storedChannel(opened: Opened, created: string): Channel {
  const { wire, spec, can } = opened
  const { name } = spec
  const outlet = outletOf(opened, (message, subject, reply) => {
    const { delayMs = 0, ttlMs } = message
    if (delayMs > can.maxDelayMs) throw incapable(name, `delay a message by ${delayMs} ms`)
    if (ttlMs !== undefined && !can.ttl) throw incapable(name, 'let a message expire')
    if (delayMs > 0) wire.publish(laterSubject(name, nuid.next()), message.body, reply, scheduled(message, subject))
    else wire.publish(subject, message.body, reply, encodeHeaders(message, expiry('Nats-TTL', ttlMs)))
  })
  const read = (msg: Msg, subject: string): SendOutcome => readAck(msg, subject, created)
  return {
    can,
    send: (batch, report) => sendForAnswers(outlet, batch, report, read),
    async receive(...wanted) {
      const [source, , signal] = wanted
      if (spec.kind !== 'queue' && source.group === undefined) return readLog(opened, wanted)
      return share(opened, await membershipOf(opened, source, signal), wanted)
    },
    async probe(signal) {
      if (isLed(await streamThere(wire, name, signal))) return
      throw channelError('unavailable', `Stream ${streamOf(name)} has no leader that most copies follow.`)
    },
  }
}

async function membershipOf(
  { wire, spec, settings }: Opened,
  source: Source,
  signal: AbortSignal,
): Promise<Membership> {
  const { paths, start, group = WORKERS } = source
  if (spec.kind === 'queue' && paths) throw incapable(spec.name, 'be read by path')
  if (start?.at === 'latest') throw incapable(spec.name, 'start a group at the latest messages')
  const filter = filterOf(wire, spec, source)
  if (spec.kind === 'queue') return { name: WORKERS, leaseMs: spec.leaseMs, filter }
  const from = fromOf(start, await streamThere(wire, spec.name, signal), spec.name)
  return { name: group, leaseMs: settings.groupLeaseMs, filter, from }
}

/** The message waits on a subject of its own, and the server publishes it when it is time. It forgets the id then, so that travels once more. */
function scheduled(message: Outgoing, subject: string): ReturnType<typeof encodeHeaders> {
  const at = new Date(Date.now() + (message.delayMs ?? 0)).toISOString()
  const schedule = line('Nats-Schedule', `@at ${at}`) + line('Nats-Schedule-Target', subject)
  const id = message.id === undefined ? '' : line('sw-id', message.id)
  return encodeHeaders(message, schedule + expiry('Nats-Schedule-TTL', message.ttlMs) + id)
}

/** The server counts in whole seconds, at least one. */
function expiry(name: string, ttlMs: number | undefined): string {
  return ttlMs === undefined ? '' : line(name, `${Math.max(1, Math.ceil(ttlMs / 1_000))}s`)
}

/** Where a message was stored. */
class Stored {
  readonly outcome = 'done'
  readonly #epoch: string
  readonly #seq: number

  constructor(epoch: string, seq: number) {
    this.#epoch = epoch
    this.#seq = seq
  }

  position(): string {
    return `${this.#epoch}|${this.#seq}`
  }
}

const OPENING = '{"stream":'
/** What JetStream says before it stores anything: nobody will ever receive the message. 10077 says it of limits only. */
const REFUSALS: readonly number[] = [10023, 10047, 10054, 10060, 10071]

function readAck(msg: Msg, subject: string, epoch: string): SendOutcome {
  const text = Buffer.from(msg.data.buffer, msg.data.byteOffset, msg.data.length).toString('latin1')
  if (text.startsWith(OPENING)) {
    const seq = Number.parseInt(text.slice(text.indexOf('"seq":') + 6), 10)
    if (seq > 0) return new Stored(epoch, seq)
    // A copy of the same id is on its way into the stream, and may yet fail.
    return failed('unknown', maybe(`An earlier copy of a message to ${subject} is not stored yet.`, 'message'))
  }
  if (statusOf(headText(msg)) === 503) {
    const why = `No stream takes messages to ${subject} at the moment: it has no leader, was deleted, or JetStream stopped.`
    return failed('refused', channelError('unavailable', why))
  }
  return refusal(subject, text)
}

function refusal(subject: string, text: string): SendOutcome {
  const { error } = JSON.parse(text) as { readonly error: ApiError }
  const { err_code: code = 0, description = '' } = error
  const fault = apiFault(`Publishing to ${subject}`, error)
  if (REFUSALS.includes(code) || (code === 10077 && /maximum (messages|bytes)/.test(description))) {
    return failed('refused', fault)
  }
  return failed('unknown', maybe(fault.message, 'channel', fault))
}
