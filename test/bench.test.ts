import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('every bench loads on this Node, and a wrong name is told the right ones', () => {
  const file = fileURLToPath(new URL('../bench/run.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [file, 'latency'], { encoding: 'utf8' })
  expect(stderr).toMatch(/^No bench "latency"\.\n/)
  const told = [...stderr.matchAll(/^ {2}(\w+) +\S/gm)].map(([, name]) => name)
  expect(told).toEqual(['layers', 'parts', 'failover', 'gateway', 'nats', 'kafka', 'kubemq', 'channels', 'outage'])
  expect(status).toBe(2)
})
