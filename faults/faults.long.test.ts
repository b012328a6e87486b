import { expect, it } from 'vitest'
import { faults } from './program.js'

it.each(['drop', 'double', 'swap', 'lie'])(
  'catches a program that plays %s with what it says',
  async (plant) => {
    const { code, output } = await faults('--policy', 'primary', '--fault', 'none', '--away', '500', '--plant', plant)
    expect(output).toMatch(/1 of 1 rounds in which what was planted was caught/)
    expect(code).toBe(0)
  },
  60_000,
)
