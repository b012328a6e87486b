import { json, queue, type StandardSchema } from '@spanwire/core'
import { describe, expect, it } from 'vitest'
import { api } from './rig/admin.js'
import { streamOf } from './rig/names.js'
import { ticks } from './rig/traffic.js'
import { firstOf, twoSites, underTraffic } from './rig/two-sites.js'

const jobs = queue('jobs', json as StandardSchema<{ readonly n: number }>)

describe('nothing that was acknowledged is lost, doubled or out of order', () => {
  it('when a site is killed and comes back with its store', async () => {
    const sites = await twoSites()
    const got = await underTraffic(sites, async (more) => {
      await more(1_000)
      await firstOf(sites.a).kill()
      await more(1_000)
      await firstOf(sites.a).restart()
      await more(1_000)
    })
    expect(new Set(got.map(({ site }) => site))).toEqual(new Set(['a', 'b']))
  })

  it('when both sites are killed, one after the other, while nobody is left in between', async () => {
    const sites = await twoSites()
    await underTraffic(sites, async (more) => {
      await more(1_000)
      await firstOf(sites.a).kill()
      await firstOf(sites.b).kill()
      await firstOf(sites.b).restart()
      await more(1_000)
      await firstOf(sites.a).restart()
      await more(1_000)
    })
  })
})

describe('a restart with the same store', () => {
  it('continues streams, and a checkpoint from before it holds after it', async () => {
    const { a, client } = await twoSites()
    const writer = client()
    const first = client()
    const before = first.subscribe(ticks, {}, { from: 'beginning' })
    await before.ready
    for (let n = 1; n <= 50; n++) await writer.publish(ticks, { symbol: 'IBM', n })
    const seen: number[] = []
    let checkpoint = before.checkpoint()
    for await (const { value } of before) {
      seen.push(value.n)
      if (value.n === 20) break
      checkpoint = before.checkpoint()
    }
    await first.close()
    await firstOf(a).kill()
    await firstOf(a).restart()
    for (let n = 51; n <= 60; n++) await writer.publish(ticks, { symbol: 'IBM', n })
    const after: number[] = []
    for await (const { value } of client().subscribe(ticks, {}, { from: checkpoint })) {
      after.push(value.n)
      if (value.n === 60) break
    }
    // The nineteenth was in the reader's hands when the checkpoint was made.
    expect(after).toEqual(Array.from({ length: 42 }, (_, at) => 19 + at))
    const { state } = await api<{ state: { messages: number; last_seq: number } }>(
      firstOf(a),
      `STREAM.INFO.${streamOf(ticks.spec)}`,
    )
    expect(state.last_seq).toBe(state.messages)
  })

  it('keeps jobs: each is done, and none again that was settled', async () => {
    const { a, client } = await twoSites()
    const done: number[] = []
    let finish: () => void = () => undefined
    const all = new Promise<void>((resolve) => {
      finish = resolve
    })
    const worker = client().consume(
      jobs,
      ({ n }) => {
        done.push(n)
        if (new Set(done).size === 300) finish()
      },
      { concurrency: 4 },
    )
    await worker.ready
    const sender = client()
    for (let n = 1; n <= 100; n++) await sender.send(jobs, { n })
    await firstOf(a).kill()
    const meanwhile = Array.from({ length: 100 }, (_, at) => sender.send(jobs, { n: 101 + at }))
    await firstOf(a).restart()
    await Promise.all(meanwhile)
    for (let n = 201; n <= 300; n++) await sender.send(jobs, { n })
    await all
    expect([...new Set(done)].sort((x, y) => x - y)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1))
    expect(done.length).toBe(300)
  })
})
