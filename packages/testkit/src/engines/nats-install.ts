import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { type Cached, provide } from './cache.js'
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

/** The newest by `go install` where Go is at hand, else Debian's. */
export async function installNats(server: NatsServer, work: Work): Promise<InstalledEngine> {
  const go = findProgram('go', '/usr/local/go/bin/go')
  if (server === 'newest' && go !== undefined) return await described(builtBy(go), 'go install', work)
  if (server === 'newest') work.log(`no Go here (go.dev/dl), so not nats-server ${NATS_VERSION} but Debian's`)
  return await described(ofDebian, 'debian package', work)
}

async function described(wanted: Cached, source: string, work: Work): Promise<InstalledEngine> {
  return { name: 'nats', source, ...(await provide(wanted, work)) }
}

function builtBy(go: string): Cached {
  const module = `github.com/nats-io/nats-server/v2@v${NATS_VERSION}`
  const make = async (staging: string, { log, signal }: Work): Promise<string> => {
    log(`go install ${module}: downloads its modules and compiles, a minute or two`)
    const env = { ...process.env, ...goFolders(staging), GOBIN: staging, CGO_ENABLED: '0' }
    await succeed([go, 'install', '-trimpath', '-ldflags=-s -w', module], { cwd: staging, env, onLine: log, signal })
    return join(staging, program)
  }
  return { family, program, variant: `-${platform}`, version: NATS_VERSION, make, versionOf }
}

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
    'nats-server cannot be installed: there is neither Go (go.dev/dl) nor apt-get and dpkg. Install one of them',
  )
}
