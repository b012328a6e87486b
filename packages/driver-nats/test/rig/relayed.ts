import type { EngineNode } from '@spanwire/testkit/engines'
import { Relay, type RelayOptions } from '@spanwire/testkit/network'
import { onTestFinished } from 'vitest'

/** A relay to the node that lives as long as the test. */
export async function relayTo(node: EngineNode, options: RelayOptions = {}): Promise<Relay> {
  const relay = await Relay.listen({ target: portOf(node.endpoint), ...options })
  onTestFinished(() => relay.close())
  return relay
}

export function portOf(endpoint: string): number {
  return Number(endpoint.split(':').at(-1))
}

export function at(relay: Relay): string {
  return `127.0.0.1:${relay.port}`
}
