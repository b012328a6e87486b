import { type Location, primary, weighted } from '@spanwire/core'
import { expect, it } from 'vitest'
import { Scene, tokens } from './scene.js'

const NEAR: Location = { environment: 'on-prem', region: 'here' }
const FAR: Location = { environment: 'cloud', region: 'there' }

it('13: a lane goes to a site 200 ms away and back within 10 s under load: order kept, no gap', async () => {
  const dial = (a: number, b: number) => weighted({ a, b })
  const scene = new Scene(dial(100, 0), {
    sites: { a: NEAR, b: FAR },
    delayMs: (_, to) => (to.environment === 'cloud' ? 100 : 1),
  })
  const s = await scene.listen('S')
  await scene.until(scene.say('P', [0]))
  const said = scene.say('P', tokens(1, 1_000), { everyMs: 15 })
  await scene.run(3_000)
  const turn = (a: number, b: number): void => {
    for (const name of ['P', 'S']) scene.client(name).reroute([{ match: '>', policy: dial(a, b) }])
  }
  turn(0, 100)
  await scene.run(5_000)
  turn(100, 0)
  await scene.run(30_000)
  expect(new Set((await said).values())).toEqual(new Set(['done']))
  expect(s.heard.map(({ token }) => token)).toEqual(tokens(0, 1_000))
  expect(new Set(s.heard.map(({ site }) => site))).toEqual(new Set(['a', 'b']))
  expect(s.gaps).toEqual([])
})

it('24: S is rerouted away from B while P, of an older generation, publishes there for 20 s: all is delivered', async () => {
  const scene = new Scene(primary('b', 'a'))
  const s = await scene.listen('S')
  const said = scene.say('P', tokens(1, 250))
  await scene.run(1_000)
  scene.client('S').reroute([{ match: '>', policy: primary('a') }])
  await scene.run(20_000)
  scene.client('P').reroute([{ match: '>', policy: primary('a') }])
  await scene.run(60_000)
  expect(new Set((await said).values())).toEqual(new Set(['done']))
  expect(s.heard.map(({ token }) => token)).toEqual(tokens(1, 250))
  expect(s.heard.filter(({ site }) => site === 'b').length).toBeGreaterThan(190)
  expect(s.gaps).toEqual([])
})
