import { parseArgs } from 'node:util'
import { MessagingError } from '@spanwire/driver'
import type { EngineName } from './engine.js'
import { engineNames, installEngine, unknownEngine } from './install.js'
import { type NatsServer, natsServers } from './nats-install.js'
import { askForRestart } from './restart.js'
import { MAX_COUNT } from './start.js'
import { up } from './up.js'

const HELP = `Starts real engines for tests on the loopback, and ends them again.

  up ENGINE [--sites N] [--nodes M]   installs what is missing, starts N sites of M nodes each, and prints a line of JSON when
                                      all are ready. SIGINT, SIGTERM or the end of who started it ends all of it
  restart PID                         starts a node again whose process was killed, while its "up" runs
  install [ENGINE]                    only installs; without a name everything

  ENGINE      ${engineNames.join(', ')}
  --sites N   1 to ${MAX_COUNT}, default 1
  --nodes M   1 to ${MAX_COUNT}, default 1; more than one are a cluster (nats, kafka)
  --server S  which server of nats: newest (default) or debian

SPANWIRE_ENGINES names the folder of what is installed; default .engines in the project.
`

/**
 * The command `npm run engines`: does what these arguments say and gives the exit code. For programs it prints JSON on
 * stdout, one object a line; all else goes to stderr.
 */
export async function enginesCommand(argv: readonly string[]): Promise<number> {
  try {
    await dispatch(argv)
    return 0
  } catch (error) {
    if (!MessagingError.is(error)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  }
}

async function dispatch(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parse(argv)
  const [command, argument, surplus] = positionals
  if (values.help) return void process.stdout.write(HELP)
  if (surplus !== undefined) throw wrong(`"${surplus}" is one argument too many`)
  const server = serverOf(values.server)
  switch (command) {
    case 'up':
      return await up({
        engine: engineOf(argument),
        server,
        sites: count('--sites', values.sites),
        nodes: count('--nodes', values.nodes),
      })
    case 'restart':
      return print({ restarted: true, ...(await askForRestart(pidOf(argument))) })
    case 'install':
      return await install(argument === undefined ? engineNames : [engineOf(argument)], server)
    default:
      throw wrong(`${command === undefined ? 'no command' : `no command "${command}"`}: up, restart or install`)
  }
}

async function install(engines: readonly EngineName[], server: NatsServer): Promise<void> {
  for (const engine of engines) print(await installEngine(engine, { server }))
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

const options = {
  help: { type: 'boolean', short: 'h', default: false },
  sites: { type: 'string', default: '1' },
  nodes: { type: 'string', default: '1' },
  server: { type: 'string', default: 'newest' },
} as const

type Parsed = ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>

function parse(argv: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (cause) {
    // Its first sentence names the option; the others are about dashes.
    const [what] = String(cause instanceof Error ? cause.message : cause).split('. ')
    throw wrong(
      `${what}; there are ${Object.keys(options)
        .map((name) => `--${name}`)
        .join(', ')}`,
      cause,
    )
  }
}

function engineOf(name: string | undefined): EngineName {
  if (name === undefined) throw wrong(`which engine? ${engineNames.join(', ')}`)
  const engine = engineNames.find((one) => one === name)
  if (engine === undefined) throw unknownEngine(name)
  return engine
}

function serverOf(name: string): NatsServer {
  const server = natsServers.find((one) => one === name)
  if (server === undefined) throw wrong(`--server ${name}: ${natsServers.join(' or ')}`)
  return server
}

function count(option: string, text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < 1 || number > MAX_COUNT)
    throw wrong(`${option} ${text}: a whole number from 1 to ${MAX_COUNT}`)
  return number
}

function pidOf(text: string | undefined): number {
  if (text !== undefined && /^[1-9]\d*$/.test(text)) return Number(text)
  throw wrong(`restart ${text ?? ''}: the pid of the process that ended, as the line of "up" names it`)
}

function wrong(sentence: string, cause?: unknown): MessagingError {
  return new MessagingError('invalid', `${sentence} (--help says more)`, { cause })
}
