import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { askUntil } from './ask.js'
import type { InstalledEngine } from './engine.js'
import { projectRoot } from './folders.js'
import { hello } from './gateway-hello.js'
import type { NodePlan, Site } from './plan.js'

const CLI = '@spanwire/cli'

/**
 * The `spanwire` command of the project that we are in: `spanwire dev` is a memory engine behind a gateway. By its file,
 * because the suites that this package is for must not depend on all that the command does.
 */
export async function installEmbedded(): Promise<InstalledEngine> {
  const file = manifestOfCli()
  const { version, bin } = manifest(file)
  const path = join(dirname(file), bin.spanwire)
  if (existsSync(path)) return { name: 'embedded', version, path, source: CLI }
  throw new MessagingError('not-found', `${path} has not been built: npm run build`)
}

/** One process, and its data in it: a restarted one is empty. */
export async function planEmbedded(site: Site): Promise<readonly NodePlan[]> {
  const [port = 0] = await site.take(1)
  const name = `${site.name}-1`
  return [
    {
      name,
      dir: join(site.dir, name),
      endpoint: `127.0.0.1:${port}`,
      data: [],
      argv: [process.execPath, site.program, 'dev', '--port', String(port), '--name', site.name],
      prepare: async () => {},
      ready: (_, signal) => askUntil(() => hello(port), signal),
    },
  ]
}

function manifestOfCli(): string {
  const root = projectRoot()
  const ofWorkspace = join(root, 'packages/cli/package.json')
  if (existsSync(ofWorkspace) && manifest(ofWorkspace).name === CLI) return ofWorkspace
  try {
    return createRequire(join(root, 'package.json')).resolve(`${CLI}/package.json`)
  } catch (cause) {
    const sentence = `embedded sites need ${CLI}, which ${root} does not depend on: npm install --save-dev ${CLI}`
    throw new MessagingError('not-found', sentence, { cause })
  }
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly bin: { readonly spanwire: string }
}

function manifest(file: string): Manifest {
  // Ours, once its name is.
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest
}
