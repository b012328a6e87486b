import type { ClientEvent } from '@spanwire/core'

export type OfferedAgain = Omit<Extract<ClientEvent, { readonly type: 'offered-again' }>, 'type' | 'at'>

/** One line for all messages that one site is offered in place of another, with their sum and the channels that they are of. */
export function offersOf(offered: readonly OfferedAgain[]): readonly string[] {
  const ways = new Map<string, { readonly channels: Set<string>; count: number }>()
  for (const { channel, count, from, to } of offered) {
    const way = `from ${from} to ${to}`
    const sum = ways.get(way) ?? { channels: new Set(), count: 0 }
    ways.set(way, sum)
    sum.channels.add(channel)
    sum.count += count
  }
  return [...ways].map(([way, { channels, count }]) => `${[...channels].join(', ')} offered ${count} again, ${way}`)
}
