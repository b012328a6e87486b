import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { type Cached, present, provide } from './cache.js'
import type { InstalledEngine } from './engine.js'
import { findProgram, type How, runProgram, tail } from './program.js'
import { tiedIfPossible } from './tied.js'
import type { Work } from './work.js'

/** `newest`: the pinned newest release. `debian`: the older one that Debian packages. */
export type NatsServer = 'newest' | 'debian'

export const natsServers: readonly NatsServer[] = ['newest', 'debian']

/** The release that is built. */
const NATS_VERSION = '2.15.2'

const family = 'nats-server'
const program = 'nats-server'
const platform = `${process.platform}-${process.arch}`

/** The newest by `go install` where Go is at hand or has been, else Debian's. */
export async function installNats(server: NatsServer, work: Work): Promise<InstalledEngine> {
  if (server === 'debian') return await described(ofDebian, 'debian package', work)
  const go = await findGo()
  const newest = builtBy(go ?? 'go')
  if (go !== undefined || (await present(newest, work))) return await described(newest, 'go install', work)
  work.log(`no Go 1.${MIN_GO} or newer here (go.dev/dl), so not nats-server ${NATS_VERSION} but Debian's`)
  return await described(ofDebian, 'debian package', work)
}

async function described(wanted: Cached, source: string, work: Work): Promise<InstalledEngine> {
  return { name: 'nats', source, ...(await provide(wanted, work)) }
}

/** From 1.21 on Go fetches a newer self where a module asks for it. */
const MIN_GO = 21

async function findGo(): Promise<string | undefined> {
  const go = findProgram('go', '/usr/local/go/bin/go')
  if (go === undefined) return undefined
  const { output } = await runProgram([go, 'version'])
  return Number(/go1\.(\d+)/.exec(output)?.[1] ?? 0) >= MIN_GO ? go : undefined
}

function builtBy(go: string): Cached {
  const module = `github.com/nats-io/nats-server/v2@v${NATS_VERSION}`
  const make = async (staging: string, { log, signal }: Work): Promise<string> => {
    log(`go install ${module}: downloads its modules and compiles, a minute or two`)
    const env = { ...process.env, ...goFolders(staging), ...sparing, GOBIN: staging, CGO_ENABLED: '0' }
    await succeed([go, 'install', ...flags, module], { cwd: staging, env, onLine: log, signal })
    return join(staging, program)
  }
  return { family, program, variant: `-${platform}`, version: NATS_VERSION, make, versionOf }
}

/** Without tables for debuggers, which would be made and then stripped. */
const flags = ['-trimpath', '-gcflags=all=-dwarf=false', '-ldflags=-s -w']

/** The compiler collects less often: with the flags above a sixth less of the processor, for some memory. */
const sparing = { GOGC: '400' }

/** Go keeps what it downloads and compiles in the user's folders; where there is no home, in ours until it is done. */
function goFolders(staging: string): NodeJS.ProcessEnv {
  if (process.env['HOME']) return {}
  return { GOPATH: join(staging, 'go'), GOCACHE: join(staging, 'go-build'), GOFLAGS: '-modcacherw' }
}

const ofDebian: Cached = {
  family,
  program,
  variant: `-debian-${platform}`,
  versionOf,
  make: async (staging, work) => {
    const apt = findProgram('apt-get')
    const dpkg = findProgram('dpkg')
    if (apt === undefined || dpkg === undefined) throw nothingToInstallWith()
    work.log('apt-get download nats-server')
    await download(apt, staging, work)
    const file = (await readdir(staging)).find((name) => name.endsWith('.deb'))
    if (file === undefined)
      throw new MessagingError('unavailable', 'apt-get download nats-server left no package behind')
    await succeed([dpkg, '-x', file, 'files'], { cwd: staging })
    return join(staging, 'files/usr/sbin', program)
  },
}

/** With the system's package lists, or with lists of our own where it has none: that needs no root. */
async function download(apt: string, staging: string, { log, signal }: Work): Promise<void> {
  const how: How = { cwd: staging, env: { ...process.env, LC_ALL: 'C' }, signal }
  const { code } = await runProgram([apt, 'download', 'nats-server'], how)
  if (code === 0) return
  log('no package lists here: apt-get update into a folder of its own')
  await mkdir(join(staging, 'lists/partial'), { recursive: true })
  await mkdir(join(staging, 'cache/archives/partial'), { recursive: true })
  const own = ['-o', `Dir::State::lists=${staging}/lists`, '-o', `Dir::Cache=${staging}/cache`]
  await succeed([apt, ...own, 'update'], how)
  await succeed([apt, ...own, 'download', 'nats-server'], how)
}

async function succeed(argv: readonly string[], how: How): Promise<void> {
  const { code, output } = await runProgram(tiedIfPossible(argv), how)
  if (code !== 0) throw new MessagingError('unavailable', `${argv.join(' ')} ended with ${code}:\n${tail(output)}`)
}

/** `nats-server: v2.15.2` */
async function versionOf(file: string): Promise<string> {
  const { output } = await runProgram([file, '--version'])
  const version = /v(\d+\.\d+\.\d+\S*)/.exec(output)?.[1]
  if (version === undefined) throw new MessagingError('conflict', `${file} --version says no version: ${tail(output)}`)
  return version
}

function nothingToInstallWith(): MessagingError {
  return new MessagingError(
    'capability',
    'nats-server cannot be installed: there is neither Go (1.21 or newer, go.dev/dl) nor apt-get and dpkg. Install one of them',
  )
}
