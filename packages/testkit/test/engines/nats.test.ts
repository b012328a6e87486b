import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../../src/conformance/wait.js'
import { installEngine, type NatsServer, startEngines } from '../../src/engines/index.js'
import { createAuthority } from '../../src/network/index.js'
import { INSTALL_MS } from './launcher.js'
import { ELECTION_MS, nodeOf, siteOf, store } from './nodes.js'
import { stored, Wire } from './wire.js'

describe('nats', () => {
  beforeAll(async () => {
    await installEngine('nats')
  }, INSTALL_MS)

  it('answers its protocol as soon as it is said to be started, and leaves neither process nor folder', async () => {
    await using engines = await startEngines({ engine: 'nats', sites: 2 })
    expect(engines.sites.map(({ name, engine }) => [name, engine])).toEqual([
      ['site1', 'nats'],
      ['site2', 'nats'],
    ])
    for (const { endpoints, nodes } of engines.sites) {
      expect(endpoints).toEqual(nodes.map(({ endpoint }) => endpoint))
      for (const endpoint of endpoints) await (await Wire.to(endpoint)).ping()
    }
    const node = nodeOf(engines)
    expect(node.dir.startsWith(engines.dir)).toBe(true)
    await engines.stop()
    expect(node.state).toBe('down')
    expect(existsSync(engines.dir)).toBe(false)
    expect(() => process.kill(node.pid, 0)).toThrow('ESRCH')
  })

  it('listens on the loopback only', async () => {
    await using engines = await startEngines({ engine: 'nats', nodes: 3 })
    const config = await Promise.all(siteOf(engines).nodes.map(({ dir }) => readFile(join(dir, 'nats.conf'), 'utf8')))
    const listens = config.join('\n').match(/(listen|http): .*/g) ?? []
    expect(listens).toHaveLength(9)
    for (const line of listens) expect(line).toMatch(/"127\.0\.0\.1:21\d{3}"/)
  })

  it('keeps what was stored through SIGKILL and restart, at its port and in its folder', async () => {
    await using engines = await startEngines({ engine: 'nats' })
    const node = nodeOf(engines)
    const { pid, endpoint, dir } = node
    await store(node, 1)
    await node.kill()
    expect(node.state).toBe('down')
    node.heal()
    expect(() => node.hang()).toThrow(`site1-1 at ${endpoint} is down: restart it first`)
    await node.restart()
    expect(node).toMatchObject({ state: 'up', endpoint, dir })
    expect(node.pid).not.toBe(pid)
    expect(await stored(endpoint, 'KEPT')).toBe(3)
  })

  it('is empty after a restart that wipes', async () => {
    await using engines = await startEngines({ engine: 'nats' })
    const node = nodeOf(engines)
    await store(node, 1)
    await node.restart({ data: 'wipe' })
    expect(await stored(node.endpoint, 'KEPT')).toMatchObject({ err_code: 10059 })
  })

  it('answers nothing while it hangs, and then what it was asked meanwhile', async () => {
    await using engines = await startEngines({ engine: 'nats' })
    const node = nodeOf(engines)
    const wire = await Wire.to(node.endpoint)
    await wire.ping()
    node.hang()
    expect(node.state).toBe('hung')
    // A busy machine takes its time to stop it.
    const state = () => readFile(`/proc/${node.pid}/stat`, 'utf8').catch(() => ') T ')
    await expect.poll(state, { timeout: 10_000 }).toMatch(/\) T /)
    const answer = wire.ping()
    node.heal()
    expect(node.state).toBe('up')
    await answer
  })

  it('ends one process for each that it starts when restarts are asked for at once', async () => {
    await using engines = await startEngines({ engine: 'nats' })
    const node = nodeOf(engines)
    await Promise.all([node.restart(), node.restart(), node.restart()])
    await (await Wire.to(node.endpoint)).ping()
    const log = await readFile(join(node.dir, 'out.log'), 'utf8')
    expect(log).not.toContain('address already in use')
  })

  it('says who is in the way when somebody else listens where it was, and starts when they are gone', async () => {
    await using engines = await startEngines({ engine: 'nats' })
    const node = nodeOf(engines)
    await node.kill()
    const stranger = createServer().listen(Number(node.endpoint.split(':')[1]), '127.0.0.1')
    await once(stranger, 'listening')
    await expect(node.restart()).rejects.toThrow(/site1-1 ended before it was ready: .*address already in use/s)
    expect(node.state).toBe('down')
    stranger.close()
    await once(stranger, 'close')
    await node.restart()
    await (await Wire.to(node.endpoint)).ping()
  })

  it('leaves nothing behind when it is stopped in the middle of a restart', async () => {
    await using engines = await startEngines({ engine: 'nats' })
    const node = nodeOf(engines)
    await node.kill()
    const restarted = node.restart().catch((error: unknown) => error)
    await engines.stop()
    await restarted
    expect(node.state).toBe('down')
    expect(existsSync(engines.dir)).toBe(false)
  })

  it('starts three without JetStream', async () => {
    await using engines = await startEngines({ engine: 'nats', nodes: 3, jetstream: false })
    expect(await stored(nodeOf(engines).endpoint, 'KEPT')).toBe('NATS/1.0 503')
    for (const { endpoint } of siteOf(engines).nodes) await (await Wire.to(endpoint)).ping()
  })

  it('reads its configuration again, and says what is wrong with it', async () => {
    await using engines = await startEngines({ engine: 'nats', config: 'max_payload: 1000' })
    const node = nodeOf(engines)
    const limit = async (): Promise<unknown> => (await (await fetch(`http://${node.monitor}/varz`)).json()).max_payload
    expect(await limit()).toBe(1000)
    await node.reload('max_payload: 2000')
    expect(await limit()).toBe(2000)
    await expect(node.reload('bogus {')).rejects.toThrow('Failed to reload')
    await expect(node.reload('server_name: other')).rejects.toThrow('not supported for ServerName')
    await node.restart()
    expect(await limit()).toBe(2000)
    await (await Wire.to(node.endpoint)).ping()
  })

  it('lets its clients go', async () => {
    await using engines = await startEngines({ engine: 'nats' })
    const node = nodeOf(engines)
    const wire = await Wire.to(node.endpoint)
    node.lameDuck()
    await wire.ended()
    await eventually('it has ended', async () => node.state === 'down', 15_000)
  })

  it('is ready although it wants credentials or TLS that nobody gave us', async () => {
    const { cert, key } = createAuthority('test').issue({ name: 'localhost', dns: ['localhost'], ips: ['127.0.0.1'] })
    const folder = await mkdtemp(join(tmpdir(), 'spanwire-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'cert.pem'), cert)
    await writeFile(join(folder, 'key.pem'), key)
    const files = `cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem"`
    for (const config of [
      'authorization { token: "secret" }',
      `tls { ${files} }`,
      `tls { ${files}, ca_file: "${folder}/cert.pem", verify: true }`,
      `tls { ${files}, handshake_first: true }`,
    ]) {
      await using engines = await startEngines({ engine: 'nats', config })
      expect(nodeOf(engines).state).toBe('up')
    }
  })

  it('says in the words of the server why it does not start, and leaves nothing', async () => {
    const before = await runs()
    await expect(startEngines({ engine: 'nats', nodes: 2, config: 'no_such_option: 1' })).rejects.toThrow(
      /site1-\d ended before it was ready: .*unknown field "no_such_option"/,
    )
    expect(await runs()).toEqual(before)
  })

  it('rejects with the reason of the signal that gave up, and leaves nothing', async () => {
    const before = await runs()
    const giveUp = new AbortController()
    const starting = startEngines({ engine: 'nats', nodes: 3, signal: giveUp.signal })
    await eventually('it has begun', async () => (await runs()).length > before.length, 10_000)
    giveUp.abort(new Error('enough'))
    await expect(starting).rejects.toThrow('enough')
    expect(await runs()).toEqual(before)
  })

  it.each([
    [{ sites: 0 }, 'sites is 0: a whole number from 1 to 16'],
    [{ nodes: 1.5 }, 'nodes is 1.5: a whole number from 1 to 16'],
  ])('refuses %o', async (options, sentence) => {
    await expect(startEngines({ engine: 'nats', ...options })).rejects.toThrow(sentence)
  })
})

describe('the server of Debian', () => {
  it(
    'runs as the newest does, without what came later',
    async (context) => {
      if (!existsSync('/usr/bin/apt-get')) context.skip('no apt-get here')
      const server: NatsServer = 'debian'
      const installed = await installEngine('nats', { server })
      expect(installed).toMatchObject({ source: 'debian package', version: expect.stringMatching(/^2\.\d+\.\d+$/) })
      await using engines = await startEngines({ engine: 'nats', nodes: 3, server })
      const { version } = await (await fetch(`http://${nodeOf(engines).monitor}/varz`)).json()
      expect(version).toBe(installed.version)
      await store(nodeOf(engines), 3)
      await nodeOf(engines).kill()
      await nodeOf(engines).restart()
      await eventually('it is back', async () => (await stored(nodeOf(engines).endpoint, 'KEPT')) === 3, ELECTION_MS)
    },
    ELECTION_MS,
  )
})

/** The folders of this process's runs. */
async function runs(): Promise<readonly string[]> {
  const installed = await installEngine('nats')
  const folder = join(dirname(installed.path), '../../run')
  return (await readdir(folder)).filter((name) => name.includes(`-${process.pid}-`))
}
