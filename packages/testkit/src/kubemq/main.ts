/**
 * The double as a program, in the environment of the real server: `HOST`, `GRPC_PORT`, `STORE_STORE_PATH` (default `store` in
 * the folder it runs in), `GRPC_BODY_LIMIT`, `SECURITY_CERT_FILENAME`,
 * `SECURITY_KEY_FILENAME`, and `KUBEMQ_DOUBLE` with quirks as JSON. Ends cleanly on SIGTERM.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { startKubemqDouble } from './double.js'
import type { Quirks } from './quirks.js'
import type { Tls } from './run.js'

/** What Go gives. */
const PANICKED = 2

async function run({ env }: NodeJS.Process): Promise<void> {
  const host = env['HOST'] ?? hostname().replaceAll('.', '-')
  const quirks: Partial<Quirks> = {
    ...(env['GRPC_BODY_LIMIT'] ? { maxBytes: Number(env['GRPC_BODY_LIMIT']) } : {}),
    // Who starts a double writes them; what is no quirk does nothing.
    ...(JSON.parse(env['KUBEMQ_DOUBLE'] ?? '{}') as Partial<Quirks>),
  }
  // Every path of the real server is one in the folder it runs in (1).
  const dir = join(resolve(`./${env['STORE_STORE_PATH'] ?? 'store'}`), host)
  const port = Number(env['GRPC_PORT'] ?? 50_000)
  const tls = tlsOf(env)
  const onCrash = (): never => process.exit(PANICKED)
  const double = await startKubemqDouble({ host, port, dir, quirks, onCrash, ...(tls && { tls }) })
  process.stdout.write(`double of KubeMQ at ${double.endpoint}, pid ${process.pid}\n`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void double.stop('clean').finally(() => process.exit(0)))
  }
}

/** As the real server is given them, by files. */
function tlsOf(env: NodeJS.ProcessEnv): Tls | undefined {
  const [cert, key] = [env['SECURITY_CERT_FILENAME'], env['SECURITY_KEY_FILENAME']]
  return cert && key ? { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } : undefined
}

run(process).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})
