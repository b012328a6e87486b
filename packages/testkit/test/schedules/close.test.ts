import { all, primary } from '@spanwire/core'
import { expect, it } from 'vitest'
import { orders } from '../../src/simulation/play.js'
import { ending, Scene, tokens } from './scene.js'

const HOUR_MS = 3_600_000

it('25: close() with a handler that publishes, a full outbox, a line pending under all(): no false failed, nothing left', async () => {
  const scene = new Scene(all())
  const s = await scene.listen('S')
  const { host, client } = scene.machine('P')
  let ended: Promise<string> | undefined
  client.consume(orders, async () => {
    await new Promise<void>((done) => void host.runtime.after(2_000, done))
    ended = ending(scene.publish('P', 100))
    await ended
  })
  await scene.until(scene.client('Q').send(orders, { token: 0 }))
  scene.inflict({ what: 'cut', site: 'b', machine: 'P', way: 'both', forMs: 60_000 })
  const said = tokens(1, 50).map((token) => ending(scene.publish('P', token)))
  await scene.run(10)
  // Eight hours asleep: the wall clock has gone on, and nothing else.
  scene.inflict({ what: 'skew', machine: 'P', byMs: 8 * HOUR_MS, forMs: 10 * HOUR_MS })
  await scene.until(client.close())
  expect(await ended).toBe('done')
  expect(new Set(await Promise.all(said))).toEqual(new Set(['done']))
  await scene.run(120_000)
  expect(s.heard.map(({ token }) => token).toSorted((a, b) => a - b)).toEqual([...tokens(1, 50), 100])
  expect(
    scene.simulation.roads.filter(({ machine }) => machine === 'P').map(({ connections }) => connections.size),
  ).toEqual([0, 0])
})

it('25: what nobody could take is failed at the close, and never heard', async () => {
  const scene = new Scene(primary('a', 'b'))
  const s = await scene.listen('S')
  await scene.until(scene.publish('P', 1))
  for (const site of ['a', 'b']) scene.inflict({ what: 'kill', site, data: 'keep', forMs: 60_000 })
  await scene.run(1_000)
  const said = tokens(2, 50).map((token) => ending(scene.publish('P', token)))
  await scene.until(scene.client('P').close({ timeout: '3s' }))
  const ends = await Promise.all(said)
  expect(ends).not.toContain('done')
  expect(ends).not.toContain('outcome-unknown')
  await scene.run(120_000)
  expect(s.heard.map(({ token }) => token)).toEqual([1])
})
