import { beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../src/conformance/wait.js'
import { installEngine, startEngines } from '../../src/engines/index.js'
import { INSTALL_MS } from './launcher.js'
import { ELECTION_MS, nodeOf, siteOf, store } from './nodes.js'
import { stored, Wire } from './wire.js'

describe('nats', () => {
  beforeAll(async () => {
    await installEngine('nats')
  }, INSTALL_MS)

  it('says of a node that hangs that it does not end when asked, and restarts it all the same', async () => {
    await using engines = await startEngines({ engine: 'nats' })
    const node = nodeOf(engines)
    const { pid } = node
    node.hang()
    await expect(node.terminate()).rejects.toThrow(`process ${pid} did not end within 20000 ms of SIGTERM: it is hung`)
    await node.restart()
    expect(node.pid).not.toBe(pid)
    await (await Wire.to(node.endpoint)).ping()
  })

  it(
    'is a cluster of three that keeps a replicated stream while one is away, and takes it back',
    async () => {
      await using engines = await startEngines({ engine: 'nats', nodes: 3 })
      const [first, second] = [nodeOf(engines, 0), nodeOf(engines, 1)]
      await store(first, 3)
      await first.kill()
      await eventually('the others answer', async () => (await stored(second.endpoint, 'KEPT')) === 3, ELECTION_MS)
      await first.restart({ data: 'wipe' })
      await eventually('the third has it', async () => (await stored(first.endpoint, 'KEPT')) === 3, ELECTION_MS)
    },
    ELECTION_MS,
  )

  it(
    'brings a cluster back whose nodes were all killed, one after the other',
    async () => {
      await using engines = await startEngines({ engine: 'nats', nodes: 3 })
      const { nodes } = siteOf(engines)
      await store(nodeOf(engines), 3)
      await Promise.all(nodes.map((node) => node.kill()))
      for (const node of nodes) await node.restart()
      await eventually('the stream', async () => (await stored(nodeOf(engines).endpoint, 'KEPT')) === 3, ELECTION_MS)
    },
    ELECTION_MS,
  )
})
