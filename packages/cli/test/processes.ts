import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))

/** A line of a verify command. */
export interface Line {
  readonly name: string
  readonly ts: number
  readonly pid: number
  readonly [field: string]: unknown
}

/** A verify command, the lines that it printed, and ways to wait for more. Ended with the test. */
export class Command {
  readonly child: ChildProcess & { readonly stdout: Readable; readonly stderr: Readable }
  readonly lines: Line[] = []
  readonly stderr: string[] = []
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  #waiting: (() => void)[] = []

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line))
      this.#look()
    })
    createInterface({ input: this.child.stderr }).on('line', (line) => {
      this.stderr.push(line)
      this.#look()
    })
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }))
    void this.ended.then(() => this.#look())
    onTestFinished(async () => {
      this.child.kill('SIGKILL')
      await this.ended
    })
  }

  named(name: string): Line[] {
    return this.lines.filter((line) => line.name === name)
  }

  /** Resolves when so many such lines of that name are here. Rejects when the command ends before. */
  async until(name: string, count = 1, isSuch: (line: Line) => boolean = () => true): Promise<void> {
    await this.#when(() => this.named(name).filter(isSuch).length >= count, `${count} x ${name}`)
  }

  async untilSaid(pattern: RegExp): Promise<void> {
    await this.#when(() => this.stderr.some((line) => pattern.test(line)), String(pattern))
  }

  /** Waits for its end, and gives its last line. */
  async summary(): Promise<Line> {
    const { code } = await this.ended
    const last = this.lines.at(-1)
    if (code !== 0 || last?.name !== 'shutdown_complete')
      throw new Error(`ended with ${code} and ${JSON.stringify(last)}: ${this.stderr.join('\n')}`)
    return last
  }

  async #when(isSo: () => boolean, what: string): Promise<void> {
    while (!isSo()) {
      const isOver = this.child.exitCode !== null || this.child.signalCode !== null
      if (isOver && this.child.stdout.readableEnded) throw new Error(`ended without ${what}: ${this.stderr.join('\n')}`)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  #look(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** Embedded sites, each a process of its own, and a configuration that names them. Ended with the test. */
export interface Sites {
  readonly config: string
  readonly processes: readonly ChildProcess[]
}

const CHANNELS = `
routes:
  - { match: 'red.>', policy: { all: {} } }
  - { match: '>', policy: { primary: [SITES] } }
channels:
  quotes: { kind: topic, name: 'quotes.{symbol}', delivery: durable, latest: true }
  red: { kind: topic, name: 'red.{symbol}', delivery: durable }
  plain: { kind: topic, name: plain, delivery: durable }
  orders: { kind: queue, name: orders, retry: [20ms], deadLetter: orders.dead }
  # A job may be the fifth delivery again and again.
  stubborn: { kind: queue, name: stubborn, retry: [20ms], maxDeliveries: 50 }
  price: { kind: rpc, name: prices, idempotent: true }
`

export async function sites(...names: string[]): Promise<Sites> {
  const started = await Promise.all(names.map(site))
  return { config: await configOf(started), processes: started.map(({ child }) => child) }
}

/** A configuration of these sites. */
export async function configOf(started: readonly { name: string; endpoint: string }[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'spanwire-'))
  onTestFinished(() => rm(dir, { recursive: true }))
  const config = join(dir, 'spanwire.config.yaml')
  const lines = started.map(
    ({ endpoint, name }) =>
      `  ${name}: { location: { environment: on-prem }, driver: websocket, endpoints: ['${endpoint}'] }`,
  )
  const text = `here: { environment: on-prem }\nsites:\n${lines.join('\n')}${CHANNELS}`
  await writeFile(config, text.replace('SITES', started.map(({ name }) => name).join(', ')))
  return config
}

async function site(name: string): Promise<{ child: ChildProcess; name: string; endpoint: string }> {
  const child = spawn(process.execPath, [bin, 'dev', '--port', '0', '--name', name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { child, name, endpoint: String(line).split(' ').at(-1) ?? '' }
}
