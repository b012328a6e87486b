import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials } from '@grpc/grpc-js'
import { kubemqClient } from '../../src/proto/kubemq.js'

export class Node {
  readonly endpoint: string
  readonly dir: string
  readonly #port: number
  readonly #env: Record<string, string>
  #child: ChildProcess

  private constructor(dir: string, port: number, env: Record<string, string>) {
    this.dir = dir
    this.#port = port
    this.#env = env
    this.endpoint = `127.0.0.1:${port}`
    this.#child = this.#spawn()
  }

  static async start(env: Record<string, string> = {}): Promise<Node> {
    const dir = await mkdtemp(join(tmpdir(), 'kq-'))
    const node = new Node(dir, await freePort(), env)
    await node.#ready()
    return node
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async terminate(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async restart(how: { readonly data: 'keep' | 'wipe' } = { data: 'keep' }): Promise<void> {
    await this.#end('SIGKILL')
    if (how.data === 'wipe') await rm(join(this.dir, 'store'), { recursive: true, force: true })
    this.#child = this.#spawn()
    await this.#ready()
  }

  hang(): void {
    this.#child.kill('SIGSTOP')
  }

  heal(): void {
    this.#child.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    await this.#end('SIGKILL')
    await rm(this.dir, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill(signal)
    await gone
  }

  #spawn(): ChildProcess {
    return spawn(process.env['KUBEMQ_BIN'] ?? '', ['server'], {
      cwd: this.dir,
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        HOME: this.dir,
        HOST: `kq-${this.#port}`,
        GRPC_PORT: String(this.#port),
        REST_PORT: String(this.#port + 1),
        API_PORT: String(this.#port + 2),
        STORE_STORE_PATH: './store',
        LOG_LEVEL: 'fatal',
        ...this.#env,
      },
    })
  }

  async #ready(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const client = new kubemqClient(this.endpoint, credentials.createInsecure())
      const secure = this.#env['SECURITY_CERT_FILENAME'] !== undefined
      const ok = await new Promise<boolean>((resolve) => {
        client.ping({}, (error) =>
          resolve(error === null || (secure && /Failed to connect|dropped/.test(error.details))),
        )
        setTimeout(() => resolve(false), 300).unref()
      })
      client.close()
      if (ok) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('KubeMQ did not start')
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
