import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials } from '@grpc/grpc-js'
import { startKubemqDouble } from '@spanwire/testkit/kubemq'
import type { Certificate } from '@spanwire/testkit/network'
import { eventually } from '../../../driver/test/eventually.js'
import { kubemqClient } from '../../src/proto/kubemq.js'

export interface Secure {
  readonly endpoint: string
  dispose(): Promise<void>
}

/** A server that speaks TLS with this certificate: the real one when `KUBEMQ_BIN` is set, else the double. */
export async function secureServer({ cert, key }: Certificate, ca: string): Promise<Secure> {
  const program = process.env['KUBEMQ_BIN']
  if (program) return realServer(program, { cert, key, ca })
  const double = await startKubemqDouble({ tls: { cert, key } })
  return { endpoint: double.endpoint, dispose: async () => double[Symbol.asyncDispose]() }
}

async function realServer(program: string, { cert, key, ca }: Certificate & { ca: string }): Promise<Secure> {
  const dir = await mkdtemp(join(tmpdir(), 'spanwire-kubemq-tls-'))
  await writeFile(join(dir, 'cert.pem'), cert)
  await writeFile(join(dir, 'key.pem'), key, { mode: 0o600 })
  const [grpc = 0, rest = 0, api = 0] = await freePorts()
  const env = { HOST: 'secure', GRPC_PORT: String(grpc), REST_PORT: String(rest), API_PORT: String(api) }
  const files = { SECURITY_CERT_FILENAME: 'cert.pem', SECURITY_KEY_FILENAME: 'key.pem' }
  const child = spawn(program, ['server'], {
    cwd: dir,
    stdio: 'ignore',
    env: { ...process.env, ...env, ...files, STORE_STORE_PATH: './store' },
  })
  const endpoint = `127.0.0.1:${grpc}`
  await eventually('the server with TLS answers', () => answers(endpoint, ca), 20_000)
  const dispose = async (): Promise<void> => {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    await rm(dir, { recursive: true, force: true })
  }
  return { endpoint, dispose }
}

function answers(endpoint: string, ca: string): Promise<boolean> {
  const client = new kubemqClient(endpoint, credentials.createSsl(Buffer.from(ca)))
  return new Promise((resolve) => {
    client.ping({}, (error) => {
      client.close()
      resolve(error === null)
    })
  })
}

async function freePorts(): Promise<number[]> {
  const servers = [createServer(), createServer(), createServer()]
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening')
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  for (const server of servers) await once(server.close(), 'close')
  return ports
}
