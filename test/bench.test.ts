import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('every bench loads on this Node, and a wrong name is told the right ones', () => {
  const file = fileURLToPath(new URL('../bench/run.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [file, 'latency'], { encoding: 'utf8' })
  expect(stderr).toBe(
    'No bench "latency". One of: layers, parts, gateway, nats, kafka, kubemq, channels, failover, outage.\n',
  )
  expect(status).toBe(1)
})
