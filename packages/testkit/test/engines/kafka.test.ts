import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { installEngine, startEngines } from '../../src/engines/index.js'
import { whyNoKafka } from './java.js'
import { INSTALL_MS } from './launcher.js'
import { nodeOf } from './nodes.js'
import { brokers, commit, committed } from './offsets.js'

const missing = await whyNoKafka()

describe.skipIf(missing !== undefined)(`kafka${missing ?? ''}`, () => {
  beforeAll(async () => {
    await installEngine('kafka')
  }, INSTALL_MS)

  it('serves as soon as it is said to be started, on the loopback only, and leaves neither process nor folder', async () => {
    await using engines = await startEngines({ engine: 'kafka', config: 'num.partitions=7' })
    const node = nodeOf(engines)
    expect(await brokers(node.endpoint)).toEqual([1])
    expect(await commit(node.endpoint, 'ours', 5n)).toBe(0)
    expect(await committed(node.endpoint, 'ours')).toBe(5n)
    const config = await readFile(join(node.dir, 'server.properties'), 'utf8')
    expect(config).toMatch(/^listeners=PLAINTEXT:\/\/127\.0\.0\.1:21\d{3},CONTROLLER:\/\/127\.0\.0\.1:21\d{3}$/m)
    expect(config.trimEnd()).toMatch(/num\.partitions=7$/)
    await engines.stop()
    expect(node.state).toBe('down')
    expect(existsSync(engines.dir)).toBe(false)
    expect(() => process.kill(node.pid, 0)).toThrow('ESRCH')
  })

  it('says in the words of the server why it does not start', async () => {
    await expect(startEngines({ engine: 'kafka', config: 'num.network.threads=none' })).rejects.toThrow(
      /site1-1 ended before it was ready: .*Invalid value none for configuration num\.network\.threads/s,
    )
  })
})
