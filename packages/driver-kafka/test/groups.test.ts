import type { Delivery, Reception } from '@spanwire/driver'
import { expect, it } from 'vitest'
import { FLOW, patience, pull, queue, send, textOf } from '../../driver/test/talk.js'
import { dial } from './rig/dial.js'
import { withKafka } from './rig/java.js'
import { plainMember } from './rig/plain.js'
import { siteOf } from './rig/site.js'
import { Unheard } from './rig/unheard.js'
import { Feed, Worker } from './rig/workers.js'

const site = siteOf()
const options = { sessionMs: 1_000, partitions: 1 }
/** One that ends without a word. */
const SILENTLY = AbortSignal.abort()

withKafka('a group', () => {
  it('gives out nothing before its group has heard that it may have: the next one would not flag it', async () => {
    const { endpoints } = site()
    const spec = queue()
    const coordinator = new Unheard()
    const doomed = await dial(endpoints, { driver: { ...options, port: coordinator.port } })
    const [first, second] = [
      await doomed.open(spec, patience()),
      await (await dial(endpoints, { driver: options })).open(spec, patience()),
    ]
    const before = await second.receive({}, FLOW, patience())
    await send(second, { path: 'a', body: 'job' })
    await before.stop(patience())
    coordinator.cut('commits')
    const attaching = first.receive({}, FLOW, patience(1_500))
    const begun = await attaching.then(
      (reception) => pull(reception, 1),
      () => [],
    )
    await doomed.close(SILENTLY)
    const [again] = await pull(await second.receive({}, FLOW, patience()), 1)
    expect(again?.attempt).toBe(1 + begun.length)
  })

  it('flags what another member may have begun while it heard nothing of its group', async () => {
    const { endpoints } = site()
    const spec = queue()
    const coordinator = new Unheard()
    // Members take partitions in the order of their names.
    const link = await dial(endpoints, { client: 'b', driver: { ...options, port: coordinator.port } })
    const rival = await dial(endpoints, { client: 'a', driver: options })
    const [ours, theirs] = [await link.open(spec, patience()), await rival.open(spec, patience())]
    const reception = await ours.receive({}, { ...FLOW, messages: 1 }, patience())
    await send(ours, { path: 'a', body: 'begun' }, { path: 'b', body: 'next' })
    expect((await pull(reception, 1)).map(flagOf)).toEqual(['begun 1'])
    coordinator.cut('all')
    const other = await theirs.receive({}, FLOW, patience())
    expect((await pull(other, 2)).map(flagOf)).toEqual(['begun 2', 'next 2'])
    const back = coordinator.owns()
    await rival.close(SILENTLY)
    await back
    coordinator.heal()
    expect(await drain(reception, 2)).toEqual(['begun 2', 'next 2'])
  })

  it('leaves at once when it is stopped with work in hand: nobody waits for the end of its session', async () => {
    const { endpoints } = site()
    const spec = queue()
    const patient = { ...options, sessionMs: 120_000 }
    const [ours, theirs] = await Promise.all(
      ['b', 'a'].map(async (client) => (await dial(endpoints, { client, driver: patient })).open(spec, patience())),
    )
    const left = await ours?.receive({}, FLOW, patience())
    if (ours === undefined || theirs === undefined || left === undefined) throw new Error('two were opened')
    await send(ours, { path: 'a', body: 'job' })
    const [begun] = await pull(left, 1)
    await left.stop(AbortSignal.abort())
    expect((await pull(await theirs.receive({}, FLOW, patience()), 1)).map(flagOf)).toEqual(['job 2'])
    await expect(begun?.settle('ack')).rejects.toMatchObject({ code: 'conflict' })
  })

  it('loses nothing while plain members come and go, and flags what it gives out again', async () => {
    const { endpoints } = site()
    const spec = queue()
    const links = [await dial(endpoints), await dial(endpoints)]
    const channels = await Promise.all(links.map((link) => link.open(spec, patience())))
    const [first] = channels
    if (first === undefined) throw new Error('two were opened')
    const workers = await Promise.all(channels.map(async (one) => new Worker(await one.receive({}, FLOW, patience()))))
    const theirs = new Set<string>()
    const isDone = (text: string): boolean => theirs.has(text) || workers.some(({ done }) => done.has(text))
    const feed = new Feed(first)
    for (const _ of ['first', 'second']) {
      const before = theirs.size
      const leave = await plainMember(endpoints, spec.name, (text) => theirs.add(text))
      await expect.poll(() => theirs.size, { timeout: 15_000 }).toBeGreaterThan(before)
      await leave()
    }
    const sent = await feed.end()
    await expect.poll(() => sent.filter((text) => !isDone(text)), { timeout: 15_000 }).toEqual([])
    await Promise.all(workers.map((one) => one.stop()))
    const attempts = workers.flatMap(({ given }) => given).sort((a, b) => a.atMs - b.atMs)
    const seen = new Set<string>()
    const unflagged = attempts.filter(({ text, attempt }) => seen.size === seen.add(text).size && attempt === 1)
    expect(unflagged).toEqual([])
    expect(new Set(workers.filter(({ done }) => done.size > 0)).size).toBe(2)
  })
})

function flagOf(one: Delivery): string {
  return `${textOf(one)} ${one.attempt}`
}

/** One after the other. */
async function drain(reception: Reception, count: number): Promise<readonly string[]> {
  const flags: string[] = []
  while (flags.length < count) {
    const [one] = await pull(reception, 1)
    if (one === undefined) continue
    await one.settle('ack')
    flags.push(flagOf(one))
  }
  return flags
}
