import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { type Driver, MessagingError } from '@spanwire/driver'

/** What a package must export to be named in a configuration: a function from the site's `options` to a driver. */
export type MakeDriver = (options: unknown) => Driver | Promise<Driver>

interface Known {
  readonly package: string
  make(module: Record<string, unknown>, options: unknown): Driver | Promise<Driver>
}

const named = (name: string) => (module: Record<string, unknown>, options: unknown) => call(module[name], name, options)

/** Drivers by their short names; any other name is a package whose default export makes one. */
const KNOWN: Readonly<Record<string, Known>> = {
  memory: { package: '@spanwire/driver-memory', make: named('memory') },
  websocket: { package: '@spanwire/driver-websocket', make: websocket },
  nats: { package: '@spanwire/driver-nats', make: named('nats') },
  kafka: { package: '@spanwire/driver-kafka', make: named('kafka') },
  kubemq: { package: '@spanwire/driver-kubemq', make: named('kubemq') },
}

/** Loads a driver when a site needs it. Rejects with `not-found` and the command that installs it. `site`: for the error. */
export async function loadDriver(name: string, options: Record<string, unknown>, site: string): Promise<Driver> {
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined
  const path = `sites.${site}.driver`
  if (known === undefined && !/^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/.test(name)) {
    throw new MessagingError(
      'invalid',
      `${path}: "${name}" is no driver; one of ${Object.keys(KNOWN).join(', ')}, or the name of a package`,
    )
  }
  const specifier = known?.package ?? name
  const module = await load(specifier, path, name)
  if (known !== undefined) return known.make(module, options)
  return call(module['default'], 'default', options)
}

/** Found from where the program runs first: the driver is its dependency, not ours. */
async function load(specifier: string, path: string, name: string): Promise<Record<string, unknown>> {
  try {
    const fromHere = createRequire(`${process.cwd()}/`)
    return await import(resolved(fromHere, specifier) ?? specifier)
  } catch (cause) {
    const missing = (cause as { code?: string }).code
    const text =
      missing === 'ERR_MODULE_NOT_FOUND' || missing === 'MODULE_NOT_FOUND'
        ? `the driver "${name}" is not installed: run "npm install ${specifier}"`
        : `the driver "${name}" cannot be loaded from ${specifier}: ${String(cause)}`
    throw new MessagingError('not-found', `${path}: ${text}`, { cause })
  }
}

function resolved(require: NodeJS.Require, specifier: string): string | undefined {
  try {
    return pathToFileURL(require.resolve(specifier)).href
  } catch {
    return undefined
  }
}

async function websocket(module: Record<string, unknown>, options: unknown): Promise<Driver> {
  // `ws` is taken although newer Nodes have a WebSocket of their own: it alone takes certificates.
  const { WebSocket } = await import('ws')
  return call(module['websocket'], 'websocket', { WebSocket, ...(options as object) })
}

function call(make: unknown, name: string, options: unknown): Driver | Promise<Driver> {
  if (typeof make === 'function') return (make as MakeDriver)(options)
  throw new MessagingError('invalid', `the driver package exports no function "${name}"`)
}
