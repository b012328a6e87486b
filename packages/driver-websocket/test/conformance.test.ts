import { createEngine, memory } from '@spanwire/driver-memory'
import { createGateway, type Gateway, type MakeLink } from '@spanwire/gateway'
import { describeDriver, type Rig, type TlsFault } from '@spanwire/testkit'
import { createAuthority, Relay, silentEndpoint } from '@spanwire/testkit/network'
import { WebSocket as Socket } from 'ws'
import { websocket } from '../src/index.js'

/** A memory engine behind a gateway behind a TCP relay: killed, stopped and cut like a site across a network. */
async function setup(): Promise<Rig> {
  const engine = createEngine()
  const proxy = await Relay.listen()
  const gateways: Gateway[] = []
  /** Tokens of earlier generations are over. */
  let generation = 0
  const upstream =
    (missing: 'create' | 'refuse'): MakeLink =>
    () =>
      memory(engine).connect(
        ['memory'],
        { client: `gateway-${missing}`, nonce: 'A'.repeat(16), missing, credentials: async () => ({ by: 'none' }) },
        AbortSignal.timeout(5_000),
      )
  const start = async (): Promise<void> => {
    const gateway = await createGateway({
      upstream: { create: upstream('create'), refuse: upstream('refuse') },
      listen: { port: 0 },
      authenticate: (token) => {
        if (token !== 'good-token') throw new Error('no')
        const born = generation
        return {
          subject: 'tester',
          get expiresAtMs() {
            return born < generation ? 1 : Number.MAX_SAFE_INTEGER
          },
          relay: true,
        }
      },
      authorize: () => true,
      limits: { waiting: { messages: 20_000, bytes: 64 << 20 } },
      timing: { beatMs: 100, graceMs: 0, pingMs: 1_000 },
    })
    gateways.push(gateway)
    proxy.target = gateway.port
  }
  const stop = async (): Promise<void> => {
    proxy.target = 0
    proxy.heal()
    proxy.cut()
    await Promise.all(gateways.splice(0).map((gateway) => gateway.close()))
  }
  await start()
  const guarded = await guardedGateway(upstream('create'))
  return {
    driver: websocket({ WebSocket: Socket }),
    endpoints: [`127.0.0.1:${proxy.port}`],
    credentials: { by: 'token', token: 'good-token' },
    // Every job of one key is a round trip here, ten suites at once share two processors.
    patienceMs: 20_000,
    kill: stop,
    terminate: async () => {
      proxy.target = 0
      await Promise.all(gateways.splice(0).map((gateway) => gateway.close()))
    },
    restart: async ({ data }) => {
      if (data === 'wipe') engine.restart({ data })
      await start()
    },
    hang: async () => proxy.hang(),
    heal: async () => proxy.heal(),
    cut: async () => proxy.cut(),
    garble: async () => proxy.inject(Buffer.from('\x00\xff garbage')),
    silentEndpoint,
    makesChannels: true,
    deleteChannel: async ({ name }) => void engine.delete(name),
    revoke: async ({ name }) => engine.revoke(name),
    expireCredentials: async () => {
      generation += 1
    },
    drainNotice: async () => {
      const leaving = gateways.splice(0)
      await start()
      for (const gateway of leaving) void gateway.close({ drainMs: 60_000 })
      leavingGateways.push(...leaving)
    },
    tlsFaults: guarded.faults,
    badCredentials: [
      { what: 'wrong token', secrets: ['bad-token'], credentials: async () => ({ by: 'token', token: 'bad-token' }) },
      { what: 'none', credentials: async () => ({ by: 'none' }) },
    ],
    resources: async () => {
      const { receptions, due } = engine.counts()
      return { connections: proxy.connections, receptions, due }
    },
    dispose: async () => {
      await stop()
      await Promise.all(leavingGateways.splice(0).map((gateway) => gateway.close()))
      await proxy.close()
      await guarded.gateway.close()
      engine.kill()
    },
  }
}

/** A gateway that wants a client certificate, and the ways in which TLS does not fit there. */
async function guardedGateway(
  upstream: MakeLink,
): Promise<{ readonly gateway: Gateway; readonly faults: readonly TlsFault[] }> {
  const authority = createAuthority('tests')
  const { cert, key } = authority.issue({ name: 'gateway', dns: ['localhost'] })
  const gateway = await createGateway({
    upstream,
    listen: { port: 0, host: 'localhost', tls: { cert, key, clientCa: authority.cert } },
    authenticate: () => ({ subject: 'tester' }),
    authorize: () => true,
  })
  const desk = authority.issue({ name: 'desk' })
  const fault = { endpoints: [`localhost:${gateway.port}`] }
  return {
    gateway,
    faults: [
      {
        ...fault,
        what: 'unknown authority',
        tls: { ...desk, ca: createAuthority('others').cert },
        says: /unable to verify|self-signed certificate|issuer certificate/i,
      },
      {
        ...fault,
        what: 'wrong name',
        tls: { ...desk, ca: authority.cert, serverName: 'gateway.example' },
        says: /altnames.*gateway\.example/i,
      },
      {
        ...fault,
        what: 'missing client certificate',
        tls: { ca: authority.cert },
        says: /certificate required/i,
      },
    ],
  }
}

const leavingGateways: Gateway[] = []

describeDriver('websocket', {
  setup,
  skip: {
    O2: 'the gateway takes no setting that it does not keep',
    S4: 'the memory engine stops as a whole, not one channel of it',
    S12: 'another client would be this protocol written twice; the protocol suite speaks it with bare sockets',
    'R2/retention': 'the memory engine of this harness keeps everything',
    'R10/source hung': 'the memory engine stops as a whole, not one channel of it',
    'H2/leader lost': 'a memory engine has no leaders',
  },
})
