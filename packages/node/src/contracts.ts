import { type Contract, json, queue, rpc, topic } from '@spanwire/core'
import { MessagingError } from '@spanwire/driver'
import type { ChannelConfig, Config } from './schema.js'

/** The contracts of the configuration's `channels`, for programs that have none in code: any JSON goes. */
export function contractOf(config: Config, name: string): Contract {
  const channels = config.channels ?? {}
  const channel = Object.hasOwn(channels, name) ? channels[name] : undefined
  if (channel !== undefined) return make(channel)
  const known = Object.keys(channels)
  throw new MessagingError(
    'not-found',
    `no channel "${name}" in the configuration; ${known.length === 0 ? 'it has no channels' : `it has ${known.join(', ')}`}`,
  )
}

function make(channel: ChannelConfig): Contract {
  switch (channel.kind) {
    case 'topic': {
      const { delivery, latest } = channel
      return topic(channel.name, json, { ...(delivery && { delivery }), ...(latest !== undefined && { latest }) })
    }
    case 'queue': {
      const { deadLetter, lease, maxDeliveries, retry } = channel
      return queue(channel.name, json, {
        ...(maxDeliveries !== undefined && { maxDeliveries }),
        ...(deadLetter !== undefined && { deadLetter }),
        ...(lease !== undefined && { lease }),
        ...(retry !== undefined && { retry }),
      })
    }
    case 'rpc':
      return rpc(channel.name, json, json, {
        ...(channel.idempotent !== undefined && { idempotent: channel.idempotent }),
      })
  }
}
