import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Cached, provide } from '../../src/engines/cache.js'
import { claim } from '../../src/engines/claim.js'
import type { Work } from '../../src/engines/work.js'
import { engines, up } from './launcher.js'

let cache = ''

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'spanwire-cache-'))
  vi.stubEnv('SPANWIRE_ENGINES', cache)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(cache, { recursive: true })
})

const SCRIPT = '#!/bin/sh\necho hello v1.2.3\n'

/** A program that is made in no time; `makes` counts. */
function script(make: () => Promise<void> = async () => {}): Cached & { makes: number } {
  const cached = {
    family: 'hello',
    program: 'hello',
    variant: '-any',
    version: '1.2.3',
    makes: 0,
    async make(staging: string) {
      cached.makes += 1
      await make()
      await writeFile(join(staging, 'hello'), SCRIPT)
      return join(staging, 'hello')
    },
    versionOf: async () => '1.2.3',
  }
  return cached
}

function quietly(signal: AbortSignal = new AbortController().signal): Work & { readonly said: string[] } {
  const said: string[] = []
  return { log: (line) => said.push(line), signal, said }
}

describe('the cache', () => {
  it('makes a program once for all who ask at the same time', async () => {
    const wanted = script()
    const found = await Promise.all(Array.from({ length: 8 }, () => provide(wanted, quietly())))
    expect(wanted.makes).toBe(1)
    const path = join(cache, 'hello/1.2.3-any/hello')
    expect(found).toEqual(Array(8).fill({ path, version: '1.2.3' }))
    expect(await readFile(path, 'utf8')).toBe(SCRIPT)
    expect(await readdir(join(cache, 'hello'))).toEqual(['1.2.3-any'])
  })

  it('makes a program again that is not what was put there, and says so', async () => {
    const wanted = script()
    const { path } = await provide(wanted, quietly())
    await appendFile(path, 'echo more\n')
    const work = quietly()
    await provide(wanted, work)
    expect(wanted.makes).toBe(2)
    expect(work.said.join()).toContain(`${path} is not what was installed there`)
    expect(await readFile(path, 'utf8')).toBe(SCRIPT)
  })

  it('keeps nothing of another version than the one that was asked for', async () => {
    const wanted = { ...script(), versionOf: async () => '1.2.4' }
    await expect(provide(wanted, quietly())).rejects.toThrow('hello 1.2.3 was asked for and 1.2.4 was made')
    expect(await readdir(join(cache, 'hello'))).toEqual([])
  })

  it('lets the next one try when making fails', async () => {
    const failing = script(() => Promise.reject(new Error('no network')))
    await expect(provide(failing, quietly())).rejects.toThrow('no network')
    expect(await provide(script(), quietly())).toMatchObject({ version: '1.2.3' })
  })

  it('waits for the process that installs, says for which, and stops waiting when told to', async () => {
    await provide(script(), quietly())
    await rm(join(cache, 'hello/1.2.3-any'), { recursive: true })
    expect(claim(join(cache, 'hello/.lock-any'))).toBe(true)
    const giveUp = new AbortController()
    const work = quietly(giveUp.signal)
    const waiting = provide(script(), work)
    await vi.waitFor(() => expect(work.said).toEqual([`process ${process.pid} is installing hello; waiting for it`]))
    giveUp.abort()
    await expect(waiting).rejects.toThrow('aborted')
  })
})

describe('what a killed installer leaves', () => {
  it('is in nobody’s way', async () => {
    await mkdir(join(cache, 'hello/.new-any/half'), { recursive: true })
    await writeFile(join(cache, 'hello/.lock-any'), JSON.stringify({ pid: process.pid, began: 1 }))
    expect(await provide(script(), quietly())).toMatchObject({ version: '1.2.3' })
    expect(await readdir(join(cache, 'hello'))).toEqual(['1.2.3-any'])
  })
})

describe('a claim', () => {
  it('is for one, and of a process that has ended for one of those who want it', async () => {
    const file = join(cache, 'claim')
    const other = spawn('sleep', ['60'])
    await once(other, 'spawn')
    const stat = await readFile(`/proc/${other.pid}/stat`, 'utf8')
    const began = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
    await writeFile(file, JSON.stringify({ pid: other.pid, began }))
    expect(claim(file)).toBe(false)
    other.kill('SIGKILL')
    await once(other, 'exit')
    expect([claim(file), claim(file), claim(file)]).toEqual([true, false, false])
    expect(await readdir(cache)).toEqual(['claim'])
  })

  it('is not of a process that only has the number of the one that made it', async () => {
    const file = join(cache, 'claim')
    await writeFile(file, JSON.stringify({ pid: process.pid, began: 1 }))
    expect(claim(file)).toBe(true)
  })
})

describe('engines install', () => {
  it('takes the server of Debian where Go is too old, and says so', async (context) => {
    if (!existsSync('/usr/bin/apt-get')) context.skip('no apt-get here')
    const old = join(cache, 'go')
    await writeFile(old, '#!/bin/sh\necho go version go1.19.8 linux/amd64\n', { mode: 0o755 })
    const { code, stdout, stderr } = await engines(['install', 'nats'], { PATH: `${cache}:${process.env['PATH']}` })
    expect(code).toBe(0)
    expect(stderr).toMatch(/no Go 1\.21 or newer here .* but Debian's/)
    expect(JSON.parse(stdout)).toMatchObject({ source: 'debian package' })
  }, 60_000)

  it('is given up by an up that is told to end, and leaves nothing', async (context) => {
    if (!existsSync('/usr/local/go/bin/go')) context.skip('no Go here')
    const launcher = up(['nats'], { SPANWIRE_ENGINES: cache })
    const family = join(cache, 'nats-server')
    await vi.waitFor(async () => expect((await readdir(family)).join()).toContain('.new-'), 10_000)
    expect(await launcher.end('SIGTERM')).toBe(0)
    expect(launcher.stdout).toBe('')
    expect(await readdir(family)).toEqual([])
  })

  it('downloads once when two processes want the same, and both get it', async (context) => {
    if (!existsSync('/usr/bin/apt-get')) context.skip('no apt-get here')
    const args = ['install', 'nats', '--server', 'debian']
    const results = await Promise.all([engines(args), engines(args)])
    expect(results.map(({ code }) => code)).toEqual([0, 0])
    const [one, other] = results.map(({ stdout }) => JSON.parse(stdout))
    expect(one).toEqual(other)
    expect(one).toMatchObject({ name: 'nats', source: 'debian package', version: expect.stringMatching(/^2\./) })
    expect(one.path.startsWith(cache)).toBe(true)
    const downloads = results.flatMap(({ stderr }) => stderr.match(/apt-get download nats-server/g) ?? [])
    expect(downloads).toHaveLength(1)
    expect(await readdir(join(cache, 'nats-server'))).toHaveLength(1)
  }, 60_000)
})
