import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

it('is the code that the driver has: one command writes both', async () => {
  const driver = new URL('../../../driver-kubemq/src/proto/kubemq.ts', import.meta.url)
  const ours = new URL('./proto.ts', import.meta.url)
  expect((await readFile(ours, 'utf8')) === (await readFile(driver, 'utf8')), 'npm run generate').toBe(true)
})
