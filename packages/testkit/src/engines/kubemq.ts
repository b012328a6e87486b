import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { askUntil } from './ask.js'
import type { InstalledEngine } from './engine.js'
import { projectRoot } from './folders.js'
import { pings } from './kubemq-ping.js'
import type { NodePlan, Site } from './plan.js'
import type { Work } from './work.js'

const TESTKIT = '@spanwire/testkit'

/** The double's program, beside the launcher's. */
const PROGRAM = 'dist/kubemq-double.js'

/** gRPC, REST, API: the real server takes all three, the double the first. */
const PORTS = 3

/** The server that `KUBEMQ_BIN` names, for none can be installed; without it the double, which needs nothing. */
export async function installKubemq({ log }: Work): Promise<InstalledEngine> {
  const path = process.env['KUBEMQ_BIN']
  if (!path) return installDouble()
  if (!existsSync(path)) throw new MessagingError('not-found', `KUBEMQ_BIN is ${path}, and there is no such file`)
  log(`${path} listens on every interface of this machine: keep it in a network namespace (docs/engines.md)`)
  return { name: 'kubemq', version: 'of KUBEMQ_BIN', path, source: 'KUBEMQ_BIN' }
}

function installDouble(): InstalledEngine {
  const manifest = manifestOfTestkit()
  const path = join(dirname(manifest), PROGRAM)
  if (!existsSync(path)) throw new MessagingError('not-found', `${path} has not been built: npm run build`)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }
  return { name: 'kubemq', version, path, source: `${TESTKIT}, a double`, double: true }
}

export interface KubemqSite extends Site {
  readonly double: boolean
  /** How the double misbehaves, as JSON; empty: as measured. */
  readonly quirks: string
  /** Part of the server's name, so that no other one is taken for it. */
  readonly run: string
}

/** One process; KubeMQ's community server knows no cluster. */
export async function planKubemq(site: KubemqSite): Promise<readonly NodePlan[]> {
  const [grpc = 0, rest = 0, api = 0] = await site.take(PORTS)
  const name = `${site.name}-1`
  // The log belongs to this name. It must not have a dot.
  const host = `${name}-${site.run.slice(0, 8)}`
  const env = [`HOST=${host}`, `GRPC_PORT=${grpc}`, `REST_PORT=${rest}`, `API_PORT=${api}`, 'STORE_STORE_PATH=./store']
  if (site.double && site.quirks !== '') env.push(`KUBEMQ_DOUBLE=${site.quirks}`)
  const program = site.double ? [process.execPath, site.program] : [site.program, 'server']
  return [
    {
      name,
      dir: join(site.dir, name),
      endpoint: `127.0.0.1:${grpc}`,
      data: ['store'],
      argv: ['env', ...env, ...program],
      prepare: async () => {},
      ready: (_, signal) => askUntil(() => pings(grpc, host), signal),
    },
  ]
}

function manifestOfTestkit(): string {
  const root = projectRoot()
  const ofWorkspace = join(root, 'packages/testkit/package.json')
  if (existsSync(ofWorkspace)) return ofWorkspace
  return createRequire(join(root, 'package.json')).resolve(`${TESTKIT}/package.json`)
}
