import type { Capabilities, Channel, ChannelSpec, ConnectOptions } from '@spanwire/driver'
import { liveChannel } from './live.js'
import type { Settings } from './options.js'
import { rpcChannel } from './rpc.js'
import { storedChannel } from './stored.js'
import { assertNoStream, openStream, type StreamConfig } from './streams.js'
import type { Wire } from './wire.js'

/** Kept free of a message's bytes for what we put around it: id, expiry, schedule. */
const AROUND = 512
/** A year. */
const MAX_DELAY_MS = 365 * 24 * 3_600_000

/** What openings on one link have in common. */
export interface Site {
  readonly wire: Wire
  readonly missing: ConnectOptions['missing']
  readonly settings: Settings
}

/** Makes what the channel needs at the server, or compares it with what is there. */
export async function openChannel(site: Site, spec: ChannelSpec, signal: AbortSignal): Promise<Channel> {
  const { wire, settings } = site
  const maxBytes = (wire.nc.info?.max_payload ?? 1 << 20) - AROUND
  if (spec.kind === 'queue' || (spec.kind === 'topic' && spec.keep === 'durable')) {
    const { config, created } = await openStream(site, spec, signal)
    return storedChannel({ wire, spec, settings, can: stored(spec, maxBytes, config) }, created)
  }
  const latest = spec.kind === 'topic' && spec.latest
  if (latest) await openStream(site, spec, signal)
  else await assertNoStream(wire, spec)
  const opened = { wire, spec, settings, can: passing(spec, maxBytes, latest) }
  return spec.kind === 'rpc' ? rpcChannel(opened) : liveChannel(opened)
}

/** What a channel can do whose messages are passed on and not kept. */
function passing(spec: ChannelSpec, maxBytes: number, latest: boolean): Capabilities {
  return {
    maxBytes,
    confirms: 'taken',
    starts: spec.kind === 'rpc' ? [] : latest ? ['now', 'latest'] : ['now'],
    groups: spec.kind === 'topic',
    waits: false,
    keyed: false,
    retries: false,
    extends: false,
    counts: false,
    maxDelayMs: 0,
    ttl: false,
  }
}

/** What a channel can do whose messages lie in a stream. */
function stored(spec: ChannelSpec, maxBytes: number, config: StreamConfig): Capabilities {
  const { max_msg_size: size = -1, allow_msg_schedules: delays, allow_msg_ttl: ttl = false } = config
  const isQueue = spec.kind === 'queue'
  const latest = spec.kind === 'topic' && spec.latest ? (['latest'] as const) : []
  return {
    maxBytes: size > 0 ? Math.min(maxBytes, size) : maxBytes,
    confirms: 'stored',
    starts: isQueue ? [] : ['now', 'beginning', 'time', 'position', ...latest],
    groups: !isQueue,
    waits: true,
    keyed: false,
    retries: true,
    extends: true,
    counts: true,
    maxDelayMs: delays && isQueue ? MAX_DELAY_MS : 0,
    ttl,
  }
}
