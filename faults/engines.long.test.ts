import { expect, it } from 'vitest'
import { faults } from './program.js'

const scenarios = [
  ['nats', 'topic,queue', 'kill,hang', 8],
  ['kubemq', 'topic,queue', 'kill,hang', 8],
  ['kubemq,nats', 'topic,queue,rpc-idempotent', 'kill', 5],
] as const

it.each(scenarios)(
  'loses and doubles nothing at sites of %s when one is killed or hangs, of %s',
  async (engine, kind, fault, rounds) => {
    const rate = ['--rate', '100', '--away', '500', '--standby', 'cold,warm']
    const { code, output } = await faults('--engine', engine, '--kind', kind, '--fault', fault, ...rate)
    expect(output).toContain(`${rounds} of ${rounds} rounds without a fault of ours`)
    expect(code).toBe(0)
  },
  600_000,
)
