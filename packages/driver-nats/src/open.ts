import type { Capabilities, Channel, ChannelSpec, ConnectOptions } from '@spanwire/driver'
import { liveChannel } from './live.js'
import type { Settings } from './options.js'
import { rpcChannel } from './rpc.js'
import { storedChannel } from './stored.js'
import { assertNoStream, openStream } from './streams.js'
import type { Wire } from './wire.js'

/** Kept free of a message's bytes for what we put around it: id, expiry, schedule. */
const AROUND = 512

/** Makes what the channel needs at the server, or compares it with what is there. */
export async function openChannel(
  wire: Wire,
  spec: ChannelSpec,
  missing: ConnectOptions['missing'],
  settings: Settings,
  signal: AbortSignal,
): Promise<Channel> {
  const maxBytes = (wire.nc.info?.max_payload ?? 1 << 20) - AROUND
  if (spec.kind === 'queue' || (spec.kind === 'topic' && spec.keep === 'durable')) {
    return storedChannel(wire, spec, await openStream(wire, spec, settings, missing, signal), settings, maxBytes)
  }
  const latest = spec.kind === 'topic' && spec.latest
  if (latest) await openStream(wire, spec, settings, missing, signal)
  else await assertNoStream(wire, spec)
  const can: Capabilities = {
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
  return spec.kind === 'rpc' ? rpcChannel(wire, spec, can) : liveChannel(wire, spec, can)
}
