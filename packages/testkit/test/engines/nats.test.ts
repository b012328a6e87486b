import { existsSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { type EngineNode, type Engines, installEngine, startEngines } from '../../src/engines/index.js'

/** A first build of the server takes a minute or two. */
const INSTALL_MS = 300_000

function firstNode(engines: Engines): EngineNode {
  const node = engines.sites[0]?.nodes[0]
  if (node === undefined) throw new Error('no node')
  return node
}

describe('a nats server', () => {
  beforeAll(async () => {
    await installEngine('nats')
  }, INSTALL_MS)

  it('is killed, started again at its port and in its folder, and leaves neither process nor folder', async () => {
    await using engines = await startEngines({ engine: 'nats' })
    const node = firstNode(engines)
    const { pid, endpoint, dir } = node
    await node.kill()
    expect(node.state).toBe('down')
    await node.restart()
    expect(node).toMatchObject({ state: 'up', endpoint, dir })
    expect(node.pid).not.toBe(pid)
    await engines.stop()
    expect(node.state).toBe('down')
    expect(existsSync(dir)).toBe(false)
  })

  it('reads its configuration again, and says what is wrong with it', async () => {
    await using engines = await startEngines({ engine: 'nats', config: 'max_payload: 1000' })
    const node = firstNode(engines)
    await node.reload('max_payload: 2000')
    await expect(node.reload('bogus {')).rejects.toThrow(/Failed to reload.*bogus|Failed to reload/)
  })
})
