import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { askUntil } from './ask.js'
import type { InstalledEngine } from './engine.js'
import { projectRoot } from './folders.js'
import { hello } from './gateway-hello.js'
import type { NodePlan, Site } from './plan.js'

/**
 * The `spanwire` command of the project that we are in: `spanwire dev` is a memory engine behind a gateway. By its file,
 * because the suites that this package is for must not depend on all that the command does.
 */
export async function installEmbedded(): Promise<InstalledEngine> {
  const manifest = manifestOfCli()
  // The manifest is ours.
  const { version, bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string; bin: { spanwire: string } }
  const path = join(dirname(manifest), bin.spanwire)
  if (existsSync(path)) return { name: 'embedded', version, path, source: '@spanwire/cli' }
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
  try {
    return createRequire(join(root, 'package.json')).resolve('@spanwire/cli/package.json')
  } catch (cause) {
    throw new MessagingError(
      'not-found',
      `embedded sites need @spanwire/cli, which ${root} does not depend on: npm install --save-dev @spanwire/cli`,
      { cause },
    )
  }
}
