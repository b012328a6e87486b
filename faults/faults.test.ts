import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const program = fileURLToPath(new URL('run.mjs', import.meta.url))

async function faults(...args: string[]): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(process.execPath, [program, '--rounds', '1', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  return { code, output }
}

it('loses and doubles nothing when a real site is killed under load', async () => {
  const { code, output } = await faults('--policy', 'primary', '--fault', 'kill', '--away', '500')
  expect(output).toMatch(/1 of 1 rounds without a fault of ours/)
  expect(code).toBe(0)
}, 60_000)

it.each(['drop', 'double', 'swap', 'lie'])(
  'catches a program that plays %s with what it says',
  async (plant) => {
    const { code, output } = await faults('--policy', 'primary', '--fault', 'none', '--away', '500', '--plant', plant)
    expect(output).toMatch(/caught in 1 of 1 rounds/)
    expect(code).toBe(0)
  },
  60_000,
)

it.each([
  [['--fault', 'earthquake'], /--fault earthquake: one of none, kill/],
  [['--rounds', '0'], /--rounds 0: a whole number from 1/],
  [['--plant', 'x'], /--plant x: one of drop, double/],
])('says what is wrong with %j', async (args, sentence) => {
  const { code, output } = await faults(...args)
  expect(output).toMatch(sentence)
  expect(code).toBe(1)
})
