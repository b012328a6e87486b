import { all, primary, type Table } from '@spanwire/core'
import { expect, it } from 'vitest'
import { type Body, board } from '../../src/simulation/play.js'
import { ending, Scene } from './scene.js'

const IBM = { params: { symbol: 'IBM' } }

function say(scene: Scene, name: string, token: number, timeout = 30_000): Promise<unknown> {
  return scene.client(name).publish(board, { token }, { ...IBM, timeout })
}

async function shows(scene: Scene, name: string): Promise<Table<Body>> {
  const table = scene.client(name).table(board)
  await scene.until(table.ready)
  return table
}

it('19: 100>B times out, 101>B ok, 100>B: what the engine shows as the latest is 101', async () => {
  const scene = new Scene(primary('b', 'a'))
  await scene.until(say(scene, 'P', 1))
  scene.inflict({ what: 'lost-ack', site: 'b', machine: 'P', forMs: 2_000 })
  const first = ending(say(scene, 'P', 100, 1_000))
  await scene.run(100)
  const second = ending(say(scene, 'P', 101))
  await scene.run(30_000)
  expect([await first, await second]).toEqual(['outcome-unknown', 'done'])
  const late = await shows(scene, 'late')
  expect(late.get('IBM')?.value.token).toBe(101)
})

it.each([80, -80])(
  '21: two writers of a key, clocks %i ms apart, readers in opposite site order: the same value',
  async (byMs) => {
    const scene = new Scene(all())
    const [one, other] = [await shows(scene, 'S1'), await shows(scene, 'S2')]
    await scene.until(say(scene, 'P1', 1))
    await scene.until(say(scene, 'P2', 2))
    scene.inflict({ what: 'skew', machine: 'P1', byMs, forMs: 600_000 })
    scene.inflict({ what: 'cut', site: 'a', machine: 'S1', way: 'both', forMs: 8_000 })
    scene.inflict({ what: 'cut', site: 'b', machine: 'S2', way: 'both', forMs: 12_000 })
    for (let token = 10; token < 60; token++) {
      void say(scene, token % 2 === 0 ? 'P1' : 'P2', token)
      await scene.run(40)
    }
    await scene.run(60_000)
    // The newest by the publishers' clocks: P1's last but one is stamped behind P2's last.
    const tokens = [one, other].map((table) => table.get('IBM')?.value.token)
    expect(tokens).toEqual(byMs > 0 ? [58, 58] : [59, 59])
  },
)

it('21: removed while B is down, B+: it stays removed for who saw it', async () => {
  const scene = new Scene(all())
  const table = await shows(scene, 'S')
  await scene.until(say(scene, 'P', 1))
  await scene.run(1_000)
  expect(table.get('IBM')?.value.token).toBe(1)
  scene.inflict({ what: 'kill', site: 'b', data: 'keep', forMs: 20_000 })
  await scene.run(5_000)
  await scene.until(scene.client('P').remove(board, { symbol: 'IBM' }))
  await scene.run(1_000)
  expect(table.get('IBM')).toBeUndefined()
  await scene.run(120_000)
  expect(table.get('IBM')).toBeUndefined()
})
