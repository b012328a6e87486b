import type { DroppedSetting, Rig, TlsFault } from '@spanwire/testkit'
import { type Engines, startEngines } from '@spanwire/testkit/engines'
import { createAuthority, Relay } from '@spanwire/testkit/network'
import { accounts } from './accounts.js'
import { makeCertificates } from './certificates.js'
import { at, portOf } from './relayed.js'

/** What needs a server of its own. */
export interface Extras extends Required<Pick<Rig, 'tlsFaults' | 'droppedSetting'>> {
  dispose(): Promise<void>
}

export async function extras(): Promise<Extras> {
  const [faults, dropping] = await Promise.all([tlsFaults(), droppingServer()])
  return {
    tlsFaults: faults.tlsFaults,
    droppedSetting: dropping.droppedSetting,
    dispose: async () => void (await Promise.all([faults.dispose(), dropping.dispose()])),
  }
}

/** A server with TLS that asks for client certificates. */
async function tlsFaults() {
  const certificates = await makeCertificates()
  const names = { name: 'nats', ips: ['127.0.0.1'] }
  const block = await certificates.serverBlock(names, 'verify: true')
  const engines = await startEngines({ engine: 'nats', config: `${accounts()}\n${block}` })
  const { authority } = certificates
  const client = authority.issue({ name: 'tester' })
  const endpoints = endpointsOf(engines)
  const tlsFaults: readonly TlsFault[] = [
    { what: 'unknown authority', endpoints, tls: { ca: createAuthority('other').cert, ...client }, says: /authority/ },
    {
      what: 'wrong name',
      endpoints,
      tls: { ca: authority.cert, ...client, serverName: 'elsewhere.example' },
      says: /name/,
    },
    { what: 'missing client certificate', endpoints, tls: { ca: authority.cert }, says: /client certificate/ },
  ]
  const dispose = async (): Promise<void> => {
    await engines.stop()
    await certificates.remove()
  }
  return { tlsFaults, dispose }
}

/** A server from before most settings, behind a relay that says it were a new one: it takes them all, and drops them without a word. */
async function droppingServer() {
  const engines = await startEngines({ engine: 'nats', server: 'debian', config: accounts() })
  const [endpoint = ''] = endpointsOf(engines)
  const rewrite = (chunk: Buffer): Uint8Array => {
    if (!chunk.includes('INFO {')) return chunk
    return Buffer.from(chunk.toString('latin1').replace(/"version":"2\.9\.\d+"/, '"version":"2.15.2"'), 'latin1')
  }
  const relay = await Relay.listen({ target: portOf(endpoint), rewrite })
  const droppedSetting = (name: string): DroppedSetting => ({
    spec: { name, params: 1, kind: 'queue', leaseMs: 30_000 },
    endpoints: [at(relay)],
  })
  const dispose = async (): Promise<void> => {
    await relay.close()
    await engines.stop()
  }
  return { droppedSetting, dispose }
}

function endpointsOf({ sites: [site] }: Engines): readonly string[] {
  return site?.endpoints ?? []
}
