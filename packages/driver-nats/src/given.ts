import type { ChannelSpec } from '@spanwire/driver'
import { type ConsumerInfo, updateConsumer } from './consumers.js'
import { streamThere } from './streams.js'
import type { Wire } from './wire.js'

/** At the end of the consumer's description, so that every member reads it, and operators may. */
const NOTE = / ?\[given up to (\d+)\]$/

/**
 * The last message of the stream of which the server may not know any more that it gave it; 0: there is none. A server that is alone
 * stores what it gave a tenth of a second later, and counts from 1 again what it forgot when it was killed. Who comes first after its
 * restart sees that it has given nothing since, and notes how far the stream went.
 */
export async function givenUpTo(
  wire: Wire,
  spec: ChannelSpec,
  { cluster, config, delivered }: ConsumerInfo,
  signal: AbortSignal,
): Promise<number> {
  // Where there are copies, others know of it as well.
  if (cluster?.replicas?.length) return 0
  const { description = '' } = config
  const noted = Number(NOTE.exec(description)?.[1] ?? 0)
  if (delivered.consumer_seq === 0 || delivered.last_active !== undefined) return noted
  const { last_seq: last } = (await streamThere(wire, spec.name, signal)).state
  if (last <= noted) return noted
  const changed = { ...config, description: `${description.replace(NOTE, '')} [given up to ${last}]`.trim() }
  // Who may not change the consumer knows at least for itself.
  await updateConsumer(wire, spec, changed, signal).catch(() => undefined)
  return last
}
