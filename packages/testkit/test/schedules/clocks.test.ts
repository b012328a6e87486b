import { primary } from '@spanwire/core'
import { expect, it } from 'vitest'
import { Scene, tokens } from './scene.js'

const HOUR_MS = 3_600_000

it.each([HOUR_MS, -HOUR_MS])(
  'a log that came back empty is read on by who was away meanwhile, its clock %i ms off',
  async (byMs) => {
    const scene = new Scene(primary('a'))
    const s = await scene.listen('S')
    await scene.until(scene.say('P', tokens(1, 10)))
    scene.inflict({ what: 'skew', machine: 'S', byMs, forMs: 60_000 })
    scene.inflict({ what: 'cut', site: 'a', machine: 'S', way: 'both', forMs: 20_000 })
    scene.inflict({ what: 'kill', site: 'a', data: 'wipe', forMs: 100 })
    await scene.run(15_000)
    await scene.until(scene.say('P', tokens(11, 15)))
    await scene.run(60_000)
    expect(s.heard.map(({ token }) => token)).toEqual(tokens(1, 15))
    expect(s.gaps).toEqual([])
  },
)

it('a site that joins late is read from the start of the subscription, though the clock was an hour fast then', async () => {
  const scene = new Scene(primary('a', 'b'))
  scene.machine('S')
  await scene.until(scene.say('P', tokens(1, 10)))
  scene.inflict({ what: 'skew', machine: 'S', byMs: HOUR_MS, forMs: 60_000 })
  scene.inflict({ what: 'cut', site: 'a', machine: 'S', way: 'both', forMs: 20_000 })
  await scene.run(8_000)
  const s = await scene.listen('S')
  // By way of b, whose clock says when that was; then by a, to which S comes late.
  scene.inflict({ what: 'cut', site: 'a', machine: 'P', way: 'both', forMs: 4_000 })
  await scene.until(scene.say('P', tokens(11, 13), { everyMs: 200 }))
  await scene.until(scene.say('Q', tokens(14, 16)))
  await scene.run(60_000)
  expect(s.heard.map(({ token }) => token).toSorted((one, other) => one - other)).toEqual(tokens(11, 16))
  expect(s.gaps).toEqual([])
})
