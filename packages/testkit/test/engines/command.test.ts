import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../src/conformance/wait.js'
import { installEngine } from '../../src/engines/index.js'
import { engines, Foreground, INSTALL_MS, type ReadyLine, runs, up } from './launcher.js'
import { Wire } from './wire.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

type Started = ReadyLine['sites'][number]['nodes'][number]

function firstNode({ sites }: ReadyLine): Started {
  const node = sites[0]?.nodes[0]
  if (node === undefined) throw new Error('no node')
  return node
}

beforeAll(async () => {
  await installEngine('nats')
}, INSTALL_MS)

describe('engines up', () => {
  it('says in exactly one line of JSON what it started', async () => {
    const launcher = up(['nats', '--sites', '2', '--nodes', '2'])
    const line = await launcher.ready()
    const endpoint = expect.stringMatching(/^127\.0\.0\.1:21\d{3}$/)
    const node = { pid: expect.any(Number), endpoint, dir: expect.stringMatching(/^\//) }
    const site = { engine: 'nats', endpoints: [endpoint, endpoint], nodes: [node, node] }
    expect(line).toEqual({
      ready: true,
      sites: [
        { name: 'site1', ...site },
        { name: 'site2', ...site },
      ],
    })
    for (const { endpoints, nodes } of line.sites) {
      expect(endpoints).toEqual(nodes.map((one) => one.endpoint))
      for (const { pid, dir } of nodes) {
        expect(runs(pid)).toBe(true)
        expect(await readFile(join(dir, 'out.log'), 'utf8')).toContain('Server is ready')
      }
    }
    expect(await launcher.end('SIGTERM')).toBe(0)
    expect(launcher.stdout).toBe(`${JSON.stringify(line)}\n`)
  })

  it('works through npm, which passes signals on', async () => {
    const launcher = new Foreground('npm', ['--prefix', root, 'run', '--silent', 'engines', '--', 'up', 'nats'])
    const line = await launcher.ready()
    const { pid, endpoint } = firstNode(line)
    await (await Wire.to(endpoint)).ping()
    expect(await launcher.end('SIGTERM')).toBe(0)
    expect(launcher.stdout).toBe(`${JSON.stringify(line)}\n`)
    expect(runs(pid)).toBe(false)
  })
})

describe('engines restart', () => {
  it('starts a killed node again at its endpoint and in its folder, and the launcher ends it', async () => {
    const launcher = up(['nats'])
    const before = firstNode(await launcher.ready())
    process.kill(before.pid, 'SIGKILL')
    const { code, stdout, stderr } = await engines(['restart', String(before.pid)])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const after = JSON.parse(stdout)
    expect(after).toEqual({ ...before, restarted: true, name: 'site1-1', pid: expect.any(Number) })
    expect(after.pid).not.toBe(before.pid)
    await (await Wire.to(before.endpoint)).ping()

    const again = await engines(['restart', String(before.pid)])
    expect(again).toMatchObject({ code: 1, stdout: '' })
    expect(again.stderr).toContain(`process ${before.pid} of site1-1 was started again before: it is ${after.pid} now`)

    expect(await launcher.end('SIGTERM')).toBe(0)
    expect(runs(after.pid)).toBe(false)
    expect(existsSync(before.dir)).toBe(false)
  })

  it('leaves no restarted node behind when the launcher is killed', async () => {
    const launcher = up(['nats'])
    const { pid } = firstNode(await launcher.ready())
    process.kill(pid, 'SIGKILL')
    const restarted = JSON.parse((await engines(['restart', String(pid)])).stdout)
    expect(runs(restarted.pid)).toBe(true)
    await launcher.end('SIGKILL')
    await eventually('it is gone', async () => !runs(restarted.pid), 5_000)
    const { code, stderr } = await engines(['restart', String(restarted.pid)])
    expect(code).toBe(1)
    expect(stderr).toContain(`no launcher that runs has started process ${restarted.pid}`)
  })

  it('restarts one node once, however many ask', async () => {
    const launcher = up(['nats'])
    const { pid } = firstNode(await launcher.ready())
    process.kill(pid, 'SIGKILL')
    const results = await Promise.all([1, 2, 3].map(() => engines(['restart', String(pid)])))
    const pids = new Set(results.filter(({ code }) => code === 0).map(({ stdout }) => JSON.parse(stdout).pid))
    expect(pids.size).toBe(1)
  })

  it('brings an embedded site back at its endpoint', async () => {
    const launcher = up(['embedded', '--sites', '2'])
    const line = await launcher.ready()
    expect(line.sites.map(({ engine, nodes }) => [engine, nodes.length])).toEqual([
      ['embedded', 1],
      ['embedded', 1],
    ])
    const { pid, endpoint } = firstNode(line)
    process.kill(pid, 'SIGKILL')
    const { stdout } = await engines(['restart', String(pid)])
    expect(JSON.parse(stdout)).toMatchObject({ endpoint })
    expect((await fetch(`http://${endpoint}/health`)).status).toBe(200)
    expect(await launcher.end('SIGTERM')).toBe(0)
  })
})

describe('engines', () => {
  it('says what there is', async () => {
    const { code, stdout } = await engines(['--help'])
    expect(code).toBe(0)
    for (const word of ['up ENGINE', 'restart PID', 'install', 'nats, kafka, kubemq, embedded'])
      expect(stdout).toContain(word)
  })

  it.each([
    [[], 'no command: up, restart or install'],
    [['start'], 'no command "start": up, restart or install'],
    [['up'], 'which engine? nats, kafka, kubemq, embedded'],
    [['up', 'rabbit'], 'engine "rabbit" is not one that this version starts: nats, kafka, kubemq, embedded'],
    [['up', 'kubemq', '--nodes', '2'], 'nodes is 2: a kubemq site is one process'],
    [['install', 'rabbit'], 'engine "rabbit" is not one that this version starts: nats, kafka, kubemq, embedded'],
    [['up', 'nats', 'twice'], '"twice" is one argument too many'],
    [['up', 'nats', '--sites', '0'], '--sites 0: a whole number from 1 to 16'],
    [['up', 'nats', '--nodes', 'many'], '--nodes many: a whole number from 1 to 16'],
    [['up', 'nats', '--server', 'old'], '--server old: newest or debian'],
    [['up', 'nats', '--cluster'], "Unknown option '--cluster'; there are --help, --sites, --nodes, --server"],
    [['up', 'embedded', '--nodes', '2'], 'nodes is 2: an embedded site is one process'],
    [['restart', 'site1'], 'restart site1: the pid of the process that ended'],
    [['restart'], 'restart : the pid of the process that ended'],
  ])('refuses %j in a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await engines(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(sentence)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
