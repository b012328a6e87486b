import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEngines } from '@spanwire/testkit/engines'
import { Relay } from '@spanwire/testkit/network'

/**
 * @typedef {object} Site
 * @property {string} name
 * @property {string} engine
 * @property {string} label Of the engine, as the page calls it: what is a double is never taken for the engine.
 * @property {import('@spanwire/testkit/engines').EngineNode} node The one that faults hit.
 * @property {Relay} relay Between the clients and that node.
 */

/**
 * @typedef {object} Scene
 * @property {readonly Site[]} sites
 * @property {(channel: Channel) => Promise<string>} configure Writes a configuration with one channel, `judged`; gives its file.
 * @property {() => Promise<void>} end
 */

/**
 * @typedef {object} Channel
 * @property {string} kind
 * @property {string} policy
 * @property {string} standby
 * @property {string} name
 * @property {boolean} relayed Through the relays, for faults of the network; a process that dies must be seen to die.
 */

const DRIVERS = new Map([['embedded', 'websocket']])

/** Real sites of one node each, a relay before every one. @param {readonly string[]} engines @returns {Promise<Scene>} */
export async function setUp(engines) {
  const dir = await mkdtemp(join(tmpdir(), 'spanwire-faults-'))
  /** @type {(() => Promise<unknown>)[]} */
  const ends = [() => rm(dir, { recursive: true })]
  const end = async () => {
    for (const one of ends.splice(0).reverse()) await one()
  }
  try {
    /** @type {Site[]} */
    const sites = []
    for (const [index, engine] of engines.entries()) {
      const started = await startEngines({ engine: /** @type {'embedded'} */ (engine), sites: 1 })
      ends.push(() => started.stop())
      const [site] = started.sites
      const [node] = site?.nodes ?? []
      if (node === undefined) throw new Error(`${engine} started no node`)
      const relay = await Relay.listen({ target: Number(node.endpoint.split(':').at(-1)) })
      ends.push(() => relay.close())
      const label = site?.double === true ? `${engine} double` : engine
      sites.push({ name: `site${index + 1}`, engine, label, node, relay })
    }
    return { sites, end, configure: (channel) => configure(dir, sites, channel) }
  } catch (error) {
    await end()
    throw error
  }
}

/** @param {string} dir @param {readonly Site[]} sites @param {Channel} channel */
async function configure(dir, sites, { kind, name, policy, relayed, standby }) {
  const location = { environment: 'on-prem' }
  const config = {
    here: location,
    sites: Object.fromEntries(
      sites.map(({ engine, name, node, relay }) => [
        name,
        {
          location,
          driver: DRIVERS.get(engine) ?? engine,
          endpoints: [relayed ? `127.0.0.1:${relay.port}` : node.endpoint],
        },
      ]),
    ),
    routes: [
      { match: '>', policy: policy === 'all' ? { all: { ack: 'any' } } : { primary: sites.map((site) => site.name) } },
    ],
    channels: { judged: channelOf(kind, name) },
    standby,
  }
  const file = join(dir, `${name}.json`)
  await writeFile(file, JSON.stringify(config, undefined, 2))
  return file
}

/** @param {string} kind @param {string} name */
function channelOf(kind, name) {
  switch (kind) {
    case 'topic':
    case 'group':
      return { kind: 'topic', name: `${name}.{key}`, delivery: 'durable' }
    case 'queue':
      return { kind, name, retry: ['100ms'] }
    default:
      return { kind: 'rpc', name, idempotent: kind === 'rpc-idempotent' }
  }
}
