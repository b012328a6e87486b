import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Company } from './supervisor/company.js'
import { HELP, type Options, readOptions } from './supervisor/options.js'
import { pageServer } from './supervisor/page-server.js'
import { startSiteEngines } from './supervisor/site-engines.js'

/** Starts everything: the page's server, both sites, the services. SIGINT or SIGTERM ends all of it. */

const DEFAULT_PORT = 4100

function options(): Options {
  try {
    const read = readOptions(process.argv.slice(2), process.env)
    if (read !== 'help') return read
    console.log(HELP)
    process.exit(0)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${HELP}`)
    process.exit(1)
  }
}

async function listen(server: Server, port: number | undefined): Promise<number> {
  const tried = port ?? DEFAULT_PORT
  try {
    await once(server.listen(tried, '127.0.0.1'), 'listening')
  } catch (error) {
    if (port !== undefined) {
      console.error(`port ${port} cannot be used (${String(error)}): choose another with PORT, or 0 for any free one`)
      process.exit(1)
    }
    await once(server.listen(0, '127.0.0.1'), 'listening')
  }
  // A server that listens on a port has this kind of address.
  return (server.address() as AddressInfo).port
}

const chosen = options()
let company: Company | undefined
const server = pageServer(new URL('./page/', import.meta.url), () => company)
const port = await listen(server, chosen.port)
const engines = await startSiteEngines(chosen.engines)
const running = new Company(chosen, [`http://127.0.0.1:${port}`, `http://localhost:${port}`], engines)
company = running

let ending = false
async function end(): Promise<void> {
  if (ending) return
  ending = true
  server.close()
  server.closeAllConnections()
  await running.stop()
  process.exit(0)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end())

await running.start()
if (!ending) console.log(`ready http://127.0.0.1:${port}/`)
