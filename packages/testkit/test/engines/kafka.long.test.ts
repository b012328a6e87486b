import { once } from 'node:events'
import { createServer } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../src/conformance/wait.js'
import { installEngine, startEngines } from '../../src/engines/index.js'
import { createAuthority } from '../../src/network/index.js'
import { whyNoKafka } from './java.js'
import { INSTALL_MS } from './launcher.js'
import { ELECTION_MS, nodeOf, siteOf } from './nodes.js'
import { brokers, commit, committed } from './offsets.js'

const missing = await whyNoKafka()

describe.skipIf(missing !== undefined)(`kafka${missing ?? ''}`, { timeout: ELECTION_MS }, () => {
  beforeAll(async () => {
    await installEngine('kafka')
  }, INSTALL_MS)

  it('keeps what was stored through SIGKILL and SIGTERM, at its port, and is empty after a restart that wipes', async () => {
    await using engines = await startEngines({ engine: 'kafka' })
    const node = nodeOf(engines)
    const { endpoint, pid } = node
    expect(await commit(endpoint, 'kept', 5n)).toBe(0)
    await node.kill()
    await node.restart()
    expect(node.pid).not.toBe(pid)
    expect(node.endpoint).toBe(endpoint)
    expect(await committed(endpoint, 'kept')).toBe(5n)
    await node.terminate()
    await node.restart()
    expect(await committed(endpoint, 'kept')).toBe(5n)
    await node.restart({ data: 'wipe' })
    expect(await committed(endpoint, 'kept')).toBe(-1n)
  })

  it('answers nothing while it hangs, and again when it is healed', async () => {
    await using engines = await startEngines({ engine: 'kafka' })
    const node = nodeOf(engines)
    node.hang()
    expect(await brokers(node.endpoint)).toEqual([])
    node.heal()
    await eventually('it answers', async () => (await brokers(node.endpoint)).length === 1, ELECTION_MS)
  })

  it('is a cluster of three that serves on while one is away, and takes it back', async () => {
    await using engines = await startEngines({ engine: 'kafka', nodes: 3 })
    const { nodes } = siteOf(engines)
    for (const { endpoint } of nodes) expect(await brokers(endpoint)).toEqual([1, 2, 3])
    const stored = async (offset: bigint): Promise<boolean> => {
      const codes = await Promise.all(nodes.map(({ endpoint }) => commit(endpoint, 'kept', offset)))
      return codes.includes(0)
    }
    expect(await stored(5n)).toBe(true)
    await nodeOf(engines, 0).kill()
    await eventually('the others store', () => stored(6n), ELECTION_MS)
    await nodeOf(engines, 0).restart()
    expect(await brokers(nodeOf(engines, 1).endpoint)).toEqual([1, 2, 3])
    await eventually('all store', () => stored(7n), ELECTION_MS)
  })

  it('says who is in the way when somebody else listens where it was, and starts when they are gone', async () => {
    await using engines = await startEngines({ engine: 'kafka' })
    const node = nodeOf(engines)
    await node.kill()
    const stranger = createServer((socket) => socket.destroy()).listen(Number(node.endpoint.split(':')[1]), '127.0.0.1')
    await once(stranger, 'listening')
    await expect(node.restart()).rejects.toThrow(/site1-1 ended before it was ready: .*address already in use/is)
    stranger.close()
    await once(stranger, 'close')
    await node.restart()
    expect(await brokers(node.endpoint)).toEqual([1])
  })

  it('is ready although clients need TLS and a password, and lets all in at the other address', async () => {
    const { cert, key } = createAuthority('test').issue({ name: 'localhost', dns: ['localhost'], ips: ['127.0.0.1'] })
    const security = { users: { admin: 'secret' }, certificate: `${key}\n${cert}`, acls: true }
    await using engines = await startEngines({ engine: 'kafka', security })
    const node = nodeOf(engines)
    expect(await brokers(node.endpoint)).toEqual([])
    expect(await brokers(node.admin ?? '')).toEqual([1])
  })
})
