import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { type Driver, MessagingError } from '@spanwire/driver'

/**
 * What a package must export to be named in a configuration: a function from the site's `options` to a driver. For options that it
 * cannot use it throws `invalid`; a line of the message that begins with `options.NAME: ` is told with the path of the site.
 */
export type MakeDriver = (options: unknown) => Driver | Promise<Driver>

interface Known {
  readonly package: string
  /** What the package calls the function. */
  readonly name: string
  readonly with?: () => Promise<object>
}

/** Drivers by their short names; any other name is a package whose default export makes one. */
const KNOWN: Readonly<Record<string, Known>> = {
  memory: { package: '@spanwire/driver-memory', name: 'memory' },
  websocket: { package: '@spanwire/driver-websocket', name: 'checkedWebsocket', with: webSocket },
  nats: { package: '@spanwire/driver-nats', name: 'nats' },
  kafka: { package: '@spanwire/driver-kafka', name: 'kafka' },
  kubemq: { package: '@spanwire/driver-kubemq', name: 'kubemq' },
}

/**
 * Loads a driver when a site needs it. Rejects with `not-found` and the command that installs it, or with `invalid` for options that
 * it cannot use. `site`: for the error.
 */
export async function loadDriver(name: string, options: Record<string, unknown>, site: string): Promise<Driver> {
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined
  const path = `sites.${site}.driver`
  if (known === undefined && !/^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/.test(name)) {
    throw new MessagingError(
      'invalid',
      `${path}: "${name}" is no driver; one of ${Object.keys(KNOWN).join(', ')}, or the name of a package`,
    )
  }
  const module = await load(known?.package ?? name, path, name)
  const wanted = known?.name ?? 'default'
  const make = module[wanted]
  if (typeof make !== 'function') {
    throw new MessagingError('invalid', `${path}: the driver package exports no function "${wanted}"`)
  }
  const own = await known?.with?.()
  return makeDriver(site, () => (make as MakeDriver)({ ...own, ...options }))
}

/** Has a driver made; what it says of its options is told with the path of the site. */
export async function makeDriver(site: string, make: () => Driver | Promise<Driver>): Promise<Driver> {
  try {
    return await make()
  } catch (cause) {
    if (!MessagingError.is(cause) || cause.code !== 'invalid') throw cause
    const lines = cause.message.split('\n').map((line) => (/^options\.[^:]+: /.test(line) ? line : `options: ${line}`))
    throw new MessagingError('invalid', lines.map((line) => `sites.${site}.${line}`).join('\n'), { cause, site })
  }
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

/** `ws` is taken although newer Nodes have a WebSocket of their own: it alone takes certificates. */
async function webSocket(): Promise<object> {
  const { WebSocket } = await import('ws')
  return { WebSocket }
}
