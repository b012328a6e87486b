import type { Reception } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { ABORTED, attach, bodies, codeOf, DURABLE, NEVER, numbers, pull, rig, send } from './rig.js'

async function work(reception: Reception, count: number): Promise<string[]> {
  const seen: string[] = []
  while (seen.length < count) {
    const deliveries = await pull(reception, 1)
    seen.push(...bodies(deliveries))
    await Promise.all(deliveries.map((delivery) => delivery.settle('ack')))
  }
  return seen
}

describe('a group on a durable topic', () => {
  it('keeps its place with nobody there, and over a restart of the engine', async () => {
    const { open, engine } = rig()
    const channel = await open(DURABLE)
    await send(channel, ...numbers(5))
    const first = await attach(channel, { group: 'g', start: { at: 'beginning' } })
    expect(await work(first, 5)).toEqual(numbers(5))
    await first.stop(ABORTED)
    await send(channel, ...numbers(5, 5))
    engine.restart({ data: 'keep' })
    const again = await open(DURABLE)
    expect(await work(await attach(again, { group: 'g' }), 5)).toEqual(numbers(5, 5))
  })

  it('loses nothing when a member leaves with unsettled ones', async () => {
    const { open, connect } = rig()
    const channel = await open(DURABLE)
    const staying = await attach(channel, { group: 'g' }, { messages: 5, bytes: 1e6 })
    const link = await connect()
    const leaving = await attach(await link.open(DURABLE, NEVER), { group: 'g' })
    await send(channel, ...numbers(20))
    expect(bodies(await pull(leaving, 20))).toEqual(numbers(20))
    await link.close(ABORTED)
    expect(await work(staying, 20)).toEqual(numbers(20))
  })

  it('has settled deliveries without positions, and leaves other groups and readers alone', async () => {
    const { open } = rig()
    const channel = await open(DURABLE)
    const g = await attach(channel, { group: 'g' })
    const h = await attach(channel, { group: 'h' })
    const reader = await attach(channel)
    await send(channel, 'a')
    const [delivery] = await pull(g, 1)
    expect(delivery?.position()).toBeUndefined()
    await delivery?.settle({ retryMs: 0 })
    expect((await pull(g, 1))[0]?.attempt).toBe(2)
    expect(bodies(await pull(h, 1))).toEqual(['a'])
    expect(bodies(await pull(reader, 1))).toEqual(['a'])
  })

  it('tells who comes back too late what has expired', async () => {
    const { open } = rig({ retain: { messages: 10 } })
    const channel = await open(DURABLE)
    const first = await attach(channel, { group: 'g' })
    await first.stop(ABORTED)
    await send(channel, ...numbers(25))
    const batch = await (await attach(channel, { group: 'g' })).next()
    expect(batch?.lost).toEqual({ reason: 'expired', count: 15 })
    expect(bodies(batch?.deliveries ?? [])).toEqual(numbers(10, 15))
  })

  it('has one filter at a time', async () => {
    const { open } = rig()
    const channel = await open({ ...DURABLE, params: 1 })
    const a = await attach(channel, { group: 'g', paths: ['a', 'b'] })
    expect(await codeOf(attach(channel, { group: 'g', paths: ['a'] }))).toBe('conflict')
    await attach(channel, { group: 'g', paths: ['b', 'a'] })
    await send(channel, { path: 'c' }, { path: 'a', body: 'mine' })
    expect(bodies(await pull(a, 1))).toEqual(['mine'])
  })

  it('is refused where groups are denied, and cannot start at the latest', async () => {
    const { open } = rig()
    const lesser = await open({ ...DURABLE, latest: true }, { without: ['groups'] })
    expect(await codeOf(attach(lesser, { group: 'g' }))).toBe('capability')
    const channel = await open({ ...DURABLE, latest: true })
    expect(await codeOf(attach(channel, { group: 'g', start: { at: 'latest' } }))).toBe('capability')
  })
})
