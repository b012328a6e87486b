import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MessagingError } from '@spanwire/driver'
import { type Cached, present, provide } from './cache.js'
import type { InstalledEngine } from './engine.js'
import { findJava, type Java } from './java.js'
import { planKafka } from './kafka.js'
import { ARCHIVE, LIB, LOGGING, linkProgram, TEMPLATE } from './kafka-program.js'
import { DATA, format, newId } from './kafka-storage.js'
import { NodeProcess } from './node-process.js'
import type { NodePlan } from './plan.js'
import { Ports } from './ports.js'
import { findProgram, runProgram, tail } from './program.js'
import { tiedIfPossible } from './tied.js'
import type { Work } from './work.js'

/** 4.4.0 runs too, but names a library that is not published. */
const KAFKA_VERSION = '4.3.1'

/** Says why a broker ended; without it nobody does. */
const LOG4J_VERSION = '2.25.4'

/** How long the one start may take that the archive is made of, and then the writing of it. */
const ARCHIVE_MS = 120_000

/** The jars of Maven Central, a formatted folder to copy, and an archive of the classes for this Java: a start takes half as long with it. */
export async function installKafka(work: Work): Promise<InstalledEngine> {
  const wanted = madeFor(await findJava())
  if ((await present(wanted, work)) === undefined) findMaven()
  return { name: 'kafka', source: 'maven central', ...(await provide(wanted, work)) }
}

function madeFor(java: Java): Cached {
  return {
    family: 'kafka',
    program: 'kafka',
    variant: `-java${java.version}-${process.platform}-${process.arch}`,
    version: KAFKA_VERSION,
    sumOf: sumOfNames,
    versionOf: async (program) => {
      const names = await readdir(join(program, LIB))
      return /^kafka_2\.13-(.+)\.jar$/m.exec(names.join('\n'))?.[1] ?? 'none'
    },
    make: async (staging, work) => {
      const program = join(staging, 'kafka')
      await mkdir(program)
      await fetchJars(program, staging, work)
      await writeFile(join(program, LOGGING), logging)
      work.log('kafka: formats a folder, and starts once to keep what Java has loaded')
      await formatTemplate(program, java, staging)
      await archiveClasses(program, staging, work.signal)
      return program
    },
  }
}

async function fetchJars(program: string, staging: string, { log, signal }: Work): Promise<void> {
  log(`mvn: downloads Kafka ${KAFKA_VERSION} and what it needs, 45 jars of 43 MB; half a minute`)
  const pom = join(staging, 'pom.xml')
  await writeFile(pom, project)
  const own = process.env['HOME'] ? [] : [`-Dmaven.repo.local=${join(staging, 'repository')}`]
  const goal = 'dependency:copy-dependencies'
  const where = `-DoutputDirectory=${join(program, LIB)}`
  const argv = [findMaven(), '-B', '-f', pom, goal, where, '-DincludeScope=runtime', ...own]
  const onLine = (line: string): void => {
    // One line of a jar that has come; those of its description would be hundreds.
    const jar = /^\[?.*Downloaded from .*\/([^/]+\.jar) /.exec(line)?.[1]
    if (jar !== undefined) log(`mvn: ${jar}`)
  }
  const { code, output } = await runProgram(tiedIfPossible(argv), { cwd: staging, onLine, signal })
  if (code !== 0) throw new MessagingError('unavailable', `${argv.join(' ')} ended with ${code}:\n${tail(output)}`)
}

function findMaven(): string {
  const maven = findProgram('mvn')
  if (maven !== undefined) return maven
  throw new MessagingError(
    'capability',
    'kafka cannot be installed: Maven (mvn on PATH) is needed to download it. Debian: apt-get install maven',
  )
}

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>spanwire</groupId><artifactId>engines-kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}
    ${dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', LOG4J_VERSION)}
  </dependencies>
</project>
`

function dependency(group: string, artifact: string, version: string): string {
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
}

const logging = `appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{HH:mm:ss.SSS} %p %c{1} %m %throwable{short.message}%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
logger.others.name=org.apache.kafka.clients.NetworkClient
logger.others.level=error
`

async function formatTemplate(program: string, java: Java, staging: string): Promise<void> {
  const dir = join(staging, 'formatted')
  await mkdir(dir)
  await linkProgram(program, dir)
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    'controller.quorum.voters=1@127.0.0.1:1',
    'listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1',
    'controller.listener.names=CONTROLLER',
    `log.dirs=${DATA}`,
  ]
  await writeFile(join(dir, 'server.properties'), lines.join('\n'))
  await format({ dir, java, program, clusterId: newId(), nodeId: 1, extra: [] })
  await cp(join(dir, DATA), join(program, TEMPLATE), { recursive: true })
  // Who takes the folder writes his own.
  await rm(join(program, TEMPLATE, 'meta.properties'))
}

/** Java writes the archive when a broker that has served ends. */
async function archiveClasses(program: string, staging: string, signal: AbortSignal): Promise<void> {
  const ports = new Ports()
  const archive = [`-XX:ArchiveClassesAtExit=${join(program, ARCHIVE)}`]
  const site = { name: 'archive', nodes: 1, dir: staging, program, config: '', security: undefined, archive }
  try {
    for (const plan of await planKafka({ ...site, take: (count) => ports.take(count) })) await serveOnce(plan, signal)
  } finally {
    ports.release()
  }
}

async function serveOnce(plan: NodePlan, signal: AbortSignal): Promise<void> {
  await mkdir(plan.dir)
  await plan.prepare()
  const node = await NodeProcess.start(plan.argv, plan.dir)
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ARCHIVE_MS)])
  const end = (): void => void node.signal('SIGKILL')
  limit.addEventListener('abort', end, { once: true })
  try {
    const ended = node.gone.then(() => {
      throw new MessagingError('unavailable', `Kafka ended before it was ready: ${node.lastWords()}`)
    })
    await Promise.race([plan.ready('all', limit), ended])
    ended.catch(() => {})
    node.signal('SIGTERM')
    await node.gone
    limit.throwIfAborted()
  } finally {
    limit.removeEventListener('abort', end)
    await node.kill()
  }
}

/** Of the names and sizes of all files: 90 MB would take longer to read than a broker to start, and Java checks what it loads. */
async function sumOfNames(program: string): Promise<string> {
  const names = (await readdir(program, { recursive: true })).sort()
  const hash = createHash('sha256')
  for (const name of names) {
    const file = await stat(join(program, name))
    hash.update(`${name} ${file.isFile() ? file.size : 'folder'}\n`)
  }
  return hash.digest('hex')
}
