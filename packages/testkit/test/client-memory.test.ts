import { createClient } from '@spanwire/core'
import { ABILITIES, type Ability, createEngine, memory } from '@spanwire/driver-memory'
import { type ClientHarness, describeClient } from '@spanwire/testkit'

const here = { environment: 'on-prem' } as const

function harness(without: readonly Ability[]): ClientHarness {
  const engine = createEngine()
  const lacks = (ability: Ability): boolean => without.includes(ability)
  return {
    client: () =>
      createClient({
        here,
        sites: { one: { location: here, driver: memory(engine, { without }), endpoints: ['memory'] } },
      }),
    restart: async () => {
      engine.kill()
      engine.restart({ data: 'keep' })
    },
    can: {
      groups: !lacks('groups'),
      delay: !lacks('maxDelayMs'),
      beginning: !lacks('beginning'),
      latest: !lacks('latest'),
      position: !lacks('position'),
      keyed: !lacks('keyed'),
      waits: !lacks('waits'),
    },
  }
}

describeClient('memory', harness([]))
for (const ability of ABILITIES) describeClient(`memory without ${ability}`, harness([ability]))
