import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))

interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function run(...args: string[]): Promise<Result> {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

/** A command that stays, and the lines that it says. */
function stay(...args: string[]): { readonly child: ChildProcess; line(pattern: RegExp): Promise<string> } {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'close')
  })
  const lines: string[] = []
  const waiting: { pattern: RegExp; resolve: (line: string) => void }[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      for (const one of waiting) if (one.pattern.test(line)) one.resolve(line)
    })
  }
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const found = lines.find((one) => pattern.test(one))
      if (found !== undefined) return resolve(found)
      waiting.push({ pattern, resolve })
      child.once('close', () => reject(new Error(`ended without ${pattern}: ${lines.join('\n')}`)))
    })
  return { child, line }
}

describe('the spanwire command', () => {
  let config: string

  beforeAll(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'spanwire-'))
    const site = spawn(process.execPath, [bin, 'dev', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await once(createInterface({ input: site.stdout }), 'line')
    const endpoint = String(line).split(' ').at(-1)
    config = join(dir, 'spanwire.config.yaml')
    await writeFile(
      config,
      `here: { environment: on-prem }
sites:
  dev: { location: { environment: on-prem }, driver: websocket, endpoints: ['${endpoint}'] }
channels:
  quotes: { kind: topic, name: 'quotes.{symbol}', delivery: durable, latest: true }
  orders: { kind: queue, name: orders }
  price: { kind: rpc, name: prices }
`,
    )
    return async () => {
      site.kill('SIGTERM')
      const [code] = await once(site, 'close')
      await rm(dir, { recursive: true })
      expect(code).toBe(0)
    }
  })

  it('publishes what a subscriber in another process prints', async () => {
    const sub = stay('sub', 'quotes', '-c', config, '-n', '1')
    await sub.line(/subscribed at dev/)
    const sent = await run('pub', 'quotes', '{"symbol":"BRK.B","bid":1}', '-c', config)
    expect(sent.stderr).toBe('')
    expect(JSON.parse(sent.stdout)).toMatchObject({ durability: 'stored', sites: ['dev'] })
    expect(JSON.parse(await sub.line(/bid/))).toMatchObject({
      value: { symbol: 'BRK.B', bid: 1 },
      params: { symbol: 'BRK.B' },
      seq: 1,
    })
  })

  it('asks a responder in another process', async () => {
    const responder = stay('respond', 'price', '{"price":42}', '-c', config)
    await responder.line(/responding/)
    const answer = await run('request', 'price', '{"symbol":"IBM"}', '-c', config)
    expect(answer).toMatchObject({ code: 0, stdout: '{"price":42}\n' })
  })

  it('says at once that nobody answers, and ends with 1', async () => {
    const answer = await run('request', 'price', '{}', '-c', config)
    expect(answer.code).toBe(1)
    expect(answer.stderr).toMatch(/^\[not-found\]/)
  })

  it('sends a job, looks at it, and works on it', async () => {
    await run('queue', 'send', 'orders', '{"n":1}', '-c', config)
    const peeked = await run('queue', 'peek', 'orders', '-n', '1', '-c', config)
    const worked = await run('queue', 'consume', 'orders', '-n', '1', '-c', config)
    expect(JSON.parse(peeked.stdout)).toMatchObject({ value: { n: 1 }, attempt: 1 })
    expect(JSON.parse(worked.stdout)).toMatchObject({ value: { n: 1 }, attempt: 2 })
  })

  it('tells how the sites are and why one is chosen', async () => {
    const status = await run('status', '-c', config)
    expect(status).toMatchObject({ code: 0 })
    expect(status.stdout).toMatch(/^dev +up/)
    const why = await run('explain', 'publish', 'quotes', '-p', 'symbol=IBM', '-c', config)
    expect(why.stdout).toMatch(/publish quotes\.IBM by nearest: dev/)
  })

  it.each([
    ['an unknown channel', ['pub', 'qoutes', '1'], /no channel "qoutes".*quotes, orders, price/],
    ['a channel of another kind', ['pub', 'orders', '1'], /"orders" is a queue; this command works on a topic/],
    ['a value that is no JSON', ['pub', 'quotes', 'hello'], /no JSON: hello/],
    ['an operation that is none', ['explain', 'shout', 'quotes'], /one of publish, send, request/],
  ])('says what is wrong with %s', async (_, args, text) => {
    const result = await run(...args, '-c', config)
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(text)
  })

  it('tells of a site that it goes on without, and what it lacks', async () => {
    const text = await readFile(config, 'utf8')
    const other = text.replace(
      /\n {2}dev: (.*) \}/,
      (line, site) => `${line}\n  lab: ${site}, credentials: { token: { env: NOT_SET_HERE } } }`,
    )
    const file = config.replace('spanwire.config', 'without-token')
    await writeFile(file, other)
    const status = await run('status', '-c', file)
    expect(status).toMatchObject({ code: 1, stdout: expect.stringMatching(/^dev +up.*\nlab +disabled/s) })
    expect(status.stdout.split('NOT_SET_HERE')).toHaveLength(2)
    expect(status.stderr).toMatch(/^lab is disabled: .*NOT_SET_HERE/)
    const sub = stay('verify-consumer', '--channel', 'quotes', '-c', file)
    await sub.line(/^lab is disabled: .*NOT_SET_HERE/)
  })

  it('says that a port is in use, and what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const result = await run('dev', '--port', String(port))
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/is in use.*--port/)
  })

  it.each([[[]], [['queue', 'send']], [['verify-producer']]])('explains %j with --help', async (args) => {
    const help = await run(...args, '--help')
    expect(help.code).toBe(0)
    expect(help.stdout).toMatch(/Usage: spanwire/)
  })
})
