import { type Msg, nuid } from '@nats-io/transport-node'
import type { Channel, ChannelSpec, Flow, Outgoing, Reception, SendOutcome, Source } from '@spanwire/driver'
import { type ApiError, apiFault } from './api.js'
import { filterOf, fromOf } from './consumers.js'
import { channelError, incapable, maybe } from './errors.js'
import { encodeHeaders, headText, line, statusOf } from './headers.js'
import { LogReception } from './log.js'
import type { Settings } from './options.js'
import { Outlet } from './outlet.js'
import { failed, sendForAnswers } from './sending.js'
import { capabilitiesOf, isLed, laterSubject, type StreamInfo, streamInfo, streamOf } from './streams.js'
import type { Wire } from './wire.js'
import { WorkReception } from './work.js'

/** The consumer in which all workers of a queue share. */
const WORKERS = 'workers'

/** A durable topic or a queue: a stream that acknowledges each message. */
export function storedChannel(
  wire: Wire,
  spec: Exclude<ChannelSpec, { kind: 'rpc' }>,
  info: StreamInfo,
  settings: Settings,
  maxBytes: number,
): Channel {
  const can = capabilitiesOf(spec, maxBytes, info)
  const { name } = spec
  const write = (message: Outgoing, subject: string, reply?: string): void => {
    const { delayMs = 0, ttlMs } = message
    if (delayMs > can.maxDelayMs) throw incapable(name, `delay a message by ${delayMs} ms`)
    if (ttlMs !== undefined && !can.ttl) throw incapable(name, 'let a message expire')
    if (delayMs > 0) wire.publish(laterSubject(name, nuid.next()), message.body, reply, scheduled(message, subject))
    else wire.publish(subject, message.body, reply, encodeHeaders(message, expiry('Nats-TTL', ttlMs)))
  }
  const outlet = new Outlet(wire, spec, can, write)
  const read = (msg: Msg, subject: string): SendOutcome => readAck(msg, subject, info.created)
  return {
    can,
    send: (batch, report) => sendForAnswers(outlet, batch, report, read),
    receive: (source, flow, signal) =>
      spec.kind === 'queue' || source.group !== undefined
        ? shared(wire, spec, source, { flow, settings, signal })
        : alone(wire, spec, source, flow, signal, can.starts),
    probe: (signal) => probe(wire, name, signal),
  }
}

/** A reception with a place of its own in the stream. */
export async function alone(
  wire: Wire,
  spec: ChannelSpec,
  source: Source,
  flow: Flow,
  signal: AbortSignal,
  starts: readonly string[],
): Promise<Reception> {
  const at = source.start?.at ?? 'now'
  if (!starts.includes(at)) throw incapable(spec.name, `start at ${at}`)
  const reception = new LogReception(wire, spec, source, flow)
  await reception.attach(signal)
  return reception
}

interface Sharing {
  readonly flow: Flow
  readonly settings: Settings
  readonly signal: AbortSignal
}

/** A reception that shares with others. */
async function shared(
  wire: Wire,
  spec: ChannelSpec,
  source: Source,
  { flow, settings, signal }: Sharing,
): Promise<Reception> {
  if (spec.kind === 'queue' && source.paths) throw incapable(spec.name, 'be read by path')
  if (source.start?.at === 'latest') throw incapable(spec.name, 'start a group at the latest messages')
  const filter = filterOf(wire, spec, source)
  const membership =
    spec.kind === 'queue'
      ? { name: WORKERS, leaseMs: spec.leaseMs, filter }
      : {
          name: source.group ?? '',
          leaseMs: settings.groupLeaseMs,
          filter,
          from: fromOf(source.start, await there(wire, spec.name, signal), spec.name),
        }
  const reception = new WorkReception(wire, spec, membership, flow)
  await reception.attach(signal)
  return reception
}

async function there(wire: Wire, name: string, signal: AbortSignal): Promise<StreamInfo> {
  const info = await streamInfo(wire, name, signal)
  if (info) return info
  throw channelError('not-found', `Stream ${streamOf(name)} was deleted; open the channel again.`)
}

/** Its leader answers, and enough of its copies are well: without a trace that others would see. */
async function probe(wire: Wire, name: string, signal: AbortSignal): Promise<void> {
  const info = await there(wire, name, signal)
  if (!isLed(info)) throw channelError('unavailable', `Stream ${streamOf(name)} has no leader that most copies follow.`)
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
