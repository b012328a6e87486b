import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Regression } from '../src/simulation/shrink.js'

const command = fileURLToPath(new URL('../../../scripts/simulate.mjs', import.meta.url))

/** A client that forgets every twentieth message of one topic between the network and itself. */
const FORGETFUL = `
let count = 0
const behind = (target, changes) => new Proxy(target, {
  get: (_, name) => {
    if (name in changes) return changes[name]
    const value = Reflect.get(target, name)
    return typeof value === 'function' ? value.bind(target) : value
  },
})
const forget = async (reception, batch) =>
  batch && { ...batch, deliveries: batch.deliveries.filter(() => ++count % 20 !== 0) }
export const tamper = (driver, machine) => machine !== 'desk' ? driver : behind(driver, {
  connect: async (...how) => {
    const link = await driver.connect(...how)
    return behind(link, {
      open: async (spec, signal) => {
        const channel = await link.open(spec, signal)
        return spec.name !== 'quotes' ? channel : behind(channel, {
          receive: async (...from) => {
            const reception = await channel.receive(...from)
            return behind(reception, { next: async () => forget(reception, await reception.next()) })
          },
        })
      },
    })
  },
})
`

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spanwire-simulate-'))
  writeFileSync(join(folder, 'forgetful.mjs'), FORGETFUL)
})

afterAll(() => rmSync(folder, { recursive: true }))

function simulate(...options: string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, ...options], { cwd: folder }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout }),
    )
  })
}

it('keeps what a seed took to fail, plays that again, and passes once the bug is gone', async () => {
  const failed = await simulate('--from', '1', '--seeds', '1', '--tamper', 'forgetful.mjs', '--save', 'kept.json')
  expect(failed.code).toBe(1)
  expect(failed.stdout).toContain('again: npm run simulate -- --from 1 --seeds 1 --tamper forgetful.mjs')
  const [kept] = JSON.parse(readFileSync(join(folder, 'kept.json'), 'utf8')) as Regression[]
  // It takes no fault at all, and not all that time.
  expect(kept?.seed).toBe(1)
  expect(kept?.plan).toEqual([])
  expect(kept?.forMs).toBeLessThan(480_000)

  const again = await simulate('--replay', 'kept.json', '--tamper', 'forgetful.mjs')
  expect(again.code).toBe(1)
  expect(again.stdout).toContain(`seed 1: ${kept?.broke[0]}`)

  const mended = await simulate('--replay', 'kept.json')
  expect(mended.stdout).toContain('1 seeds')
  expect(mended.code).toBe(0)
}, 120_000)
