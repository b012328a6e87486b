import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** What is downloaded or built, kept for all runs. `SPANWIRE_ENGINES` names one for several checkouts. */
export function cacheFolder(): string {
  const given = process.env['SPANWIRE_ENGINES']
  return given ? resolve(given) : join(projectRoot(), '.engines')
}

/** One folder for each call of `startEngines` that runs. */
export function runsFolder(): string {
  return join(cacheFolder(), 'run')
}

/** The nearest folder from here up that is a checkout or a workspace, else a package, else here. */
export function projectRoot(): string {
  const folders = [...ancestors(process.cwd())]
  const holding = (...names: string[]): string | undefined =>
    folders.find((folder) => names.some((name) => existsSync(join(folder, name))))
  return holding('.engines', '.git', 'pnpm-workspace.yaml') ?? holding('package.json') ?? process.cwd()
}

function* ancestors(from: string): Generator<string> {
  for (let folder = from; ; folder = dirname(folder)) {
    yield folder
    if (dirname(folder) === folder) return
  }
}
