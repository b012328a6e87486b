import { createEngine, memory } from '@spanwire/driver-memory'
import { allowAll, anonymous, createGateway } from '@spanwire/gateway'
import { Relay, type RelayOptions } from '@spanwire/testkit/network'
import { onTestFinished } from 'vitest'

/** A gateway over an engine of its own, behind a relay that can go wrong. Both end with the test. */
export async function relayedGateway(options: Omit<RelayOptions, 'target'> = {}): Promise<Relay> {
  const engine = createEngine()
  const gateway = await createGateway({
    upstream: () =>
      memory(engine).connect(
        ['memory'],
        { client: 'gateway', nonce: 'AAAAAAAAAAAAAAAA', missing: 'create', credentials: async () => ({ by: 'none' }) },
        new AbortController().signal,
      ),
    listen: { port: 0 },
    authenticate: anonymous,
    authorize: allowAll,
  })
  const relay = await Relay.listen({ ...options, target: gateway.port })
  onTestFinished(async () => {
    await relay.close()
    await gateway.close()
  })
  return relay
}
