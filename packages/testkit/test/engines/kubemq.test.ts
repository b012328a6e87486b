import { readFile } from 'node:fs/promises'
import { Metadata, status } from '@grpc/grpc-js'
import { beforeEach, describe, expect, it } from 'vitest'
import { startEngines } from '../../src/engines/index.js'
import type { PingResult } from '../../src/kubemq/proto.js'
import { ask, client, clientOver, fresh } from '../kubemq/peer.js'
import { body, Downstream, numbered, range, Upstream } from '../kubemq/streams.js'
import { engines, up } from './launcher.js'
import { nodeOf } from './nodes.js'

beforeEach((test) => {
  test.skip(process.env['KUBEMQ_BIN'] !== undefined, 'KUBEMQ_BIN is set, and these are about the double')
})

async function ping(endpoint: string): Promise<PingResult> {
  const one = await client(endpoint)
  return (await ask<object, PingResult>(one.ping.bind(one), {})) as PingResult
}

describe('kubemq without KUBEMQ_BIN', () => {
  it('is a double, and says so wherever it is named', async () => {
    await using sites = await startEngines({ engine: 'kubemq', sites: 2 })
    expect(sites.sites.map(({ name, engine, double }) => [name, engine, double])).toEqual([
      ['site1', 'kubemq', true],
      ['site2', 'kubemq', true],
    ])
    const answers = await Promise.all(sites.sites.map(({ endpoints }) => ping(endpoints[0] ?? '')))
    for (const { version } of answers) expect(version).toMatch(/double/)
    // Two servers of one name would be taken for one.
    expect(new Set(answers.map(({ host }) => host)).size).toBe(2)
    expect(await readFile(`${nodeOf(sites).dir}/out.log`, 'utf8')).toContain('double of KubeMQ')
  })

  it('says so on the line of the command, and restarts by its pid with what it kept', async () => {
    const launcher = up(['kubemq'])
    const line = await launcher.ready()
    expect(line).toMatchObject({ ready: true, double: true })
    const [node] = line.sites[0]?.nodes ?? []
    if (node === undefined) throw new Error('no node')
    const queue = fresh('queue')
    await new Upstream(await client(node.endpoint)).send(numbered(queue, 5))
    process.kill(node.pid, 'SIGKILL')
    const { code, stdout, stderr } = await engines(['restart', String(node.pid)])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ restarted: true, endpoint: node.endpoint, dir: node.dir })
    expect((await new Downstream(await client(node.endpoint)).get(queue, 5)).bodies).toEqual(range(5))
    expect(await launcher.end('SIGTERM')).toBe(0)
  })

  it('installs without a network', async () => {
    const { code, stdout } = await engines(['install', 'kubemq'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ name: 'kubemq', source: '@spanwire/testkit, a double', double: true })
  })

  it('takes its quirks from who starts it', async () => {
    await using sites = await startEngines({ engine: 'kubemq', config: '{"unanswered":1,"maxBytes":2000,"crashes":0}' })
    const one = await client(nodeOf(sites).endpoint)
    const up = new Upstream(one)
    up.tell(numbered('queue', 1))
    expect((await new Downstream(one).get('queue', 1)).bodies).toEqual(['1'])
    expect(up.heard.all).toEqual([])
    up.tell([{ channel: 'queue', body: new Uint8Array(2_000) }])
    expect((await up.heard.failed()).details).toMatch(/larger than max/)
  })

  it('refuses a server that is not there', async () => {
    const { code, stderr } = await engines(['up', 'kubemq'], { KUBEMQ_BIN: '/no/such/kubemq' })
    expect(code).toBe(1)
    expect(stderr).toContain('KUBEMQ_BIN is /no/such/kubemq, and there is no such file')
  })
})

describe('a node of it', () => {
  it('is killed, terminated, wiped and started again at its endpoint', async () => {
    await using sites = await startEngines({ engine: 'kubemq' })
    const node = nodeOf(sites)
    const first = await ping(node.endpoint)
    await new Upstream(await client(node.endpoint)).send([{ channel: 'queue', body: body('x') }])
    await node.kill()
    await node.restart()
    const second = await ping(node.endpoint)
    expect(second.host).toBe(first.host)
    expect(second.serverStartTime).toBeGreaterThan(first.serverStartTime)
    expect((await new Downstream(await client(node.endpoint)).get('queue', 1)).bodies).toEqual(['x'])
    await node.terminate()
    expect(node.state).toBe('down')
    await node.restart({ data: 'wipe' })
    expect((await new Downstream(await client(node.endpoint)).get('queue', 1)).bodies).toEqual([])
    await expect(node.reload()).rejects.toThrow('site1-1 cannot read its configuration again')
  })

  it('answers nothing while it hangs, and then does what it was asked meanwhile', async () => {
    await using sites = await startEngines({ engine: 'kubemq' })
    const node = nodeOf(sites)
    const one = clientOver(node.endpoint)
    await ask(one.ping.bind(one), {})
    node.hang()
    let answered = false
    const sent = new Upstream(one).send(numbered('queue', 3)).then(() => (answered = true))
    const code = await new Promise((resolve) => {
      one.ping({}, new Metadata(), { deadline: Date.now() + 200 }, (error) => resolve(error?.code))
    })
    expect(code).toBe(status.DEADLINE_EXCEEDED)
    expect(answered).toBe(false)
    node.heal()
    await sent
    expect((await new Downstream(one).get('queue', 3)).bodies).toEqual(range(3))
  })
})
