import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../../src/conformance/wait.js'
import { installEngine, startEngines } from '../../src/engines/index.js'
import { commandLine, Foreground, INSTALL_MS, type ReadyLine, runs, up } from './launcher.js'

function pidsOf({ sites }: ReadyLine): readonly number[] {
  return sites.flatMap(({ nodes }) => nodes.map(({ pid }) => pid))
}

async function allGone(pids: readonly number[]): Promise<void> {
  expect(pids.length).toBeGreaterThan(0)
  for (const pid of pids) await eventually(`${pid} is gone`, async () => !runs(pid), 5_000)
}

/** A PATH with a shell and nothing else: then there is no setpriv. */
async function withoutSetpriv(): Promise<NodeJS.ProcessEnv> {
  const folder = await mkdtemp(join(tmpdir(), 'spanwire-path-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await symlink('/bin/sh', join(folder, 'sh'))
  return { PATH: folder }
}

let runsFolder = ''

beforeAll(async () => {
  const { path } = await installEngine('nats')
  runsFolder = join(dirname(path), '../../run')
}, INSTALL_MS)

describe('no node outlives its launcher', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'that is ended by %s, which also removes the folders',
    async (signal) => {
      const launcher = up(['nats', '--sites', '2'])
      const line = await launcher.ready()
      expect(await launcher.end(signal)).toBe(0)
      await allGone(pidsOf(line))
      const dirs = line.sites.flatMap(({ nodes }) => nodes.map(({ dir }) => dir))
      for (const dir of dirs) expect(existsSync(dirname(dir))).toBe(false)
    },
  )

  it('that is told to end while a node hangs', async () => {
    const launcher = up(['nats', '--sites', '2'])
    const pids = pidsOf(await launcher.ready())
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    expect(await launcher.end('SIGTERM')).toBe(0)
    await allGone(pids)
  })

  it('that is killed, and its folders go at the next start', async () => {
    const launcher = up(['nats', '--nodes', '3'])
    const line = await launcher.ready()
    expect(await launcher.end('SIGKILL')).toBe('SIGKILL')
    await allGone(pidsOf(line))
    const [dir = ''] = line.sites.flatMap(({ nodes }) => nodes.map((node) => node.dir))
    expect(existsSync(dir)).toBe(true)
    await using _ = await startEngines({ engine: 'nats' })
    expect(existsSync(dirname(dir))).toBe(false)
  })

  it('that is killed while a node hangs', async () => {
    const launcher = up(['nats'])
    const pids = pidsOf(await launcher.ready())
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    await launcher.end('SIGKILL')
    await allGone(pids)
  })

  it('that is killed where the kernel does not see to it', async () => {
    const launcher = up(['nats', '--sites', '2'], await withoutSetpriv())
    const pids = pidsOf(await launcher.ready())
    await launcher.end('SIGKILL')
    await allGone(pids)
  })

  it('whose own starter is killed', async () => {
    // A starter that does nothing but start: when it is gone nobody is left to end the launcher.
    const starter = new Foreground(process.execPath, [
      '--eval',
      `const child = require('node:child_process').spawn(process.execPath, ${JSON.stringify(commandLine('up', 'nats'))}, { stdio: 'inherit' })
      child.once('spawn', () => console.log('launcher ' + child.pid))`,
    ])
    const line = await starter.ready()
    const launcher = Number(/^launcher (\d+)$/m.exec(starter.stdout)?.[1])
    expect(runs(launcher)).toBe(true)
    await starter.end('SIGKILL')
    await allGone([launcher, ...pidsOf(line)])
    const [dir = ''] = line.sites.flatMap(({ nodes }) => nodes.map((node) => node.dir))
    expect(existsSync(dirname(dir))).toBe(false)
  })

  it('that is told to end while it starts them', async () => {
    const launcher = up(['nats', '--nodes', '3', '--sites', '3'])
    const ours = async (): Promise<readonly string[]> =>
      (await readdir(runsFolder)).filter((name) => name.includes(`-${launcher.child.pid}-`))
    await eventually('it has begun', async () => (await ours()).length > 0, 10_000)
    expect(await launcher.end('SIGTERM')).toBe(0)
    expect(await ours()).toEqual([])
  })
})
