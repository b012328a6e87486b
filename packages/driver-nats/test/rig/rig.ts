import type { ChannelSpec } from '@spanwire/driver'
import type { Rig } from '@spanwire/testkit'
import { type EngineSite, type StartOptions, startEngines } from '@spanwire/testkit/engines'
import { Relay, silentEndpoint } from '@spanwire/testkit/network'
import { stop } from '../../../driver/test/stop.js'
import { nats } from '../../src/index.js'
import { accounts, CLIENT, type Rights } from './accounts.js'
import { api, consumersAt, monitored, streamsAt } from './admin.js'
import { healthy } from './cluster.js'
import { clusterFaults } from './cluster-faults.js'
import { extras } from './extras.js'
import { foreign } from './foreign.js'
import { streamOf, subjectOf } from './names.js'

export type Setup = Pick<StartOptions, 'nodes' | 'server'>

/** Real servers of one site, behind a relay to the first of them. */
export async function natsRig(setup: Setup): Promise<Rig> {
  const engines = await startEngines({ engine: 'nats', config: accounts(), ...setup })
  const [site] = engines.sites
  const [node] = site?.nodes ?? []
  if (site === undefined || node === undefined) throw new Error('a site has nodes')
  const port = Number(node.endpoint.split(':')[1])
  const relay = await Relay.listen({ target: port })
  const { dispose: disposeExtras, ...more } = await extras()
  return {
    driver: nats(),
    endpoints: [`127.0.0.1:${relay.port}`],
    credentials: CLIENT,
    patienceMs: site.nodes.length > 1 ? 20_000 : 10_000,
    leaseMs: site.nodes.length > 1 ? 2_000 : 1_000,
    // It writes what was acknowledged ten times a second, and confirms it before.
    ...(setup.server === 'debian' && { settleLagMs: 500 }),
    ...faults(site, relay, port),
    ...rights(site),
    ...more,
    ...(site.nodes.length > 1 && clusterFaults(site, node)),
    silentEndpoint,
    garble: async () => relay.inject(Buffer.from('\x00\xff garbage\r\n')),
    makesChannels: true,
    deleteChannel: async (spec) => void (await api(node, `STREAM.DELETE.${streamOf(spec)}`)),
    expire: async (spec) => {
      await api(node, `STREAM.PURGE.${streamOf(spec)}`, { seq: 11 })
      return 0
    },
    foreign: foreign(node),
    resources: () => resources(site, relay),
    // JetStream of a node that leaves ends at once; what is only passed on goes on.
    drainKeeps: ['live'],
    drainNotice: async () => node.lameDuck(),
    undrain: () => node.restart(),
    dispose: async () => {
      await relay.close()
      await Promise.all([engines.stop(), disposeExtras()])
    },
  }
}

function faults(site: EngineSite, relay: Relay, port: number) {
  const all = async (act: (node: EngineSite['nodes'][number]) => Promise<void>): Promise<void> => {
    relay.target = 0
    await Promise.all(site.nodes.map(act))
  }
  return {
    kill: () => all((node) => node.kill()),
    terminate: () => all((node) => node.terminate()),
    restart: async (how: { readonly data: 'keep' | 'wipe' }) => {
      await all((node) => node.restart(how))
      await healthy(site)
      relay.target = port
    },
    hang: async () => {
      const [node] = site.nodes
      if (node !== undefined) await stop(node)
    },
    heal: async () => {
      site.nodes[0]?.heal()
      await healthy(site)
    },
    cut: async () => relay.cut(),
  }
}

/** What is taken from the client while it is connected is given back before the next property. */
function rights(site: EngineSite) {
  let taken = false
  const grant = async (given: Rights): Promise<void> => {
    taken = true
    await Promise.all(site.nodes.map((node) => node.reload(accounts(given))))
  }
  return {
    badCredentials: [
      {
        what: 'a wrong password',
        secrets: ['wrong-secret'],
        credentials: async () => ({ ...CLIENT, password: 'wrong-secret' }),
      },
      { what: 'an unknown user', credentials: async () => ({ ...CLIENT, user: 'nobody' }) },
      { what: 'a token', secrets: ['token-secret'], credentials: async () => ({ by: 'token', token: 'token-secret' }) },
      { what: 'none', credentials: async () => ({ by: 'none' }) },
    ],
    expireCredentials: async () => {
      await grant({ expired: true })
      await grant({})
    },
    revoke: async (spec: ChannelSpec) => {
      const stream = streamOf(spec)
      const calls = ['CONSUMER.CREATE', 'CONSUMER.MSG.NEXT'].map((call) => `$JS.API.${call}.${stream}.>`)
      await grant({ denied: [subjectOf(spec, '>'), ...calls] })
      // What had been asked for is served on for half a minute; who means it throws the reader out.
      const [node] = site.nodes
      const isStream = node !== undefined && (await streamsAt(node)).some(({ config }) => config.name === stream)
      if (!isStream) return
      for (const { name } of await consumersAt(node, stream)) await api(node, `CONSUMER.DELETE.${stream}.${name}`)
    },
    /** Deletes the streams of the property before, so that a restart has little to read. */
    tidy: async () => {
      const [node] = site.nodes
      if (node === undefined) return
      if (taken) await grant({})
      taken = false
      for (const { config } of await streamsAt(node)) await api(node, `STREAM.DELETE.${config.name}`)
    },
  } satisfies Partial<Rig>
}

async function resources(site: EngineSite, relay: Relay): Promise<Record<string, number>> {
  const [node] = site.nodes
  if (node === undefined) throw new Error('a site has nodes')
  const streams = await streamsAt(node)
  const consumers = await Promise.all(streams.map(({ config }) => consumersAt(node, config.name)))
  const { subscriptions } = await monitored<{ readonly subscriptions: number }>(node, 'varz')
  return { connections: relay.connections, subscriptions, consumers: consumers.flat().length }
}
