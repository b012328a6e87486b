import { primary } from '@spanwire/core'
import { expect, it } from 'vitest'
import { Scene, tokens } from './scene.js'

it('20: A rolls back 50 messages with the same epoch and is filled anew before S is back: nothing is skipped', async () => {
  const scene = new Scene(primary('a'))
  const s = await scene.listen('S')
  const said = scene.say('P', tokens(1, 100), { everyMs: 10 })
  await scene.run(3_000)
  expect(new Set((await said).values())).toEqual(new Set(['done']))
  expect(s.heard.map(({ token }) => token)).toEqual(tokens(1, 100))
  // P is gone: nobody says again what the site has forgotten.
  scene.inflict({ what: 'crash', machine: 'P', forMs: 0 })
  scene.inflict({ what: 'cut', site: 'a', machine: 'S', way: 'both', forMs: 20_000 })
  scene.inflict({ what: 'kill', site: 'a', data: 50, forMs: 1_000 })
  const filled = scene.say('Q', tokens(101, 180), { everyMs: 10 })
  await scene.run(60_000)
  expect(new Set((await filled).values())).toEqual(new Set(['done']))
  expect(s.heard.map(({ token }) => token)).toEqual(tokens(1, 180))
  expect(s.gaps).toEqual([])
})
