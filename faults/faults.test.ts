import { expect, it } from 'vitest'
import { readOptions } from './options.mjs'
import { scenarios } from './plan.mjs'
import { faults } from './program.js'
import { nameOf } from './report.mjs'

it('loses and doubles nothing when a real site is killed under load', async () => {
  const { code, output } = await faults('--policy', 'primary', '--fault', 'kill', '--away', '500')
  expect(output).toMatch(/1 of 1 rounds without a fault of ours/)
  expect(code).toBe(0)
}, 60_000)

it('plays each scenario of the page once, topics with one home also with a warm standby', () => {
  const options = readOptions(['--all'])
  if (options === 'help') throw new Error('--all is no call for help')
  const names = scenarios(options).map(nameOf)
  expect(new Set(names).size).toBe(28)
  expect(names.filter((name) => name.includes('warm')).every((name) => name.startsWith('topic primary warm '))).toBe(
    true,
  )
})

it.each([
  [['--fault', 'earthquake'], /--fault earthquake: one of none, kill/],
  [['--rounds', '0'], /--rounds 0: a whole number from 1/],
  [
    ['--engine', 'nats,kafka', '--fault', 'kill,hole'],
    /--fault hole: clients of kafka go past .*; take none, kill, hang, flap/,
  ],
  [['--plant', 'x'], /--plant x: one of drop, double/],
  [['--plant', 'swap', '--kind', 'queue'], /--plant swap: not of queue/],
])('says what is wrong with %j', async (args, sentence) => {
  const { code, output } = await faults(...args)
  expect(output).toMatch(sentence)
  expect(code).toBe(1)
})
