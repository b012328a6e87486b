import type {
  Channel,
  ChannelSpec,
  ConnectOptions,
  Delivery,
  Link,
  Outgoing,
  SendOutcome,
  Source,
} from '@spanwire/driver'
import { createEngine, type MemoryEngine, memory } from '@spanwire/driver-memory'
import { describe, expect, it, onTestFinished } from 'vitest'
import { all, type Client, createClient, hop, type Policy, primary } from '../src/index.js'

const here = { environment: 'on-prem' } as const
const NEVER = new AbortController().signal
const FLOW = { messages: 100, bytes: 1 << 20 }
const NONCE = 'AAAAAAAAAAAAAAAA'
const QUOTES: ChannelSpec = { name: 'quotes', params: 1, kind: 'topic', keep: 'durable', latest: false }
const MARKS: ChannelSpec = { name: 'sw.marks.quotes', params: 0, kind: 'topic', keep: 'live', latest: false }
const JOBS: ChannelSpec = { name: 'jobs', params: 0, kind: 'queue', leaseMs: 30_000 }
const PRICE: ChannelSpec = { name: 'price', params: 0, kind: 'rpc' }

type Site = 'a' | 'b' | 'c'

interface Rig {
  readonly a: MemoryEngine
  readonly b: MemoryEngine
  readonly c: MemoryEngine
  readonly client: Client
  readonly link: Link
}

/** A hop over three sites, all connected. */
async function rig(policy: Policy<Site> = primary('a', 'b')): Promise<Rig> {
  const [a, b, c] = [createEngine(), createEngine(), createEngine()]
  const site = (engine: MemoryEngine) => ({ location: here, driver: memory(engine), endpoints: ['x'] })
  const client = createClient({
    here,
    sites: { a: site(a), b: site(b), c: site(c) },
    routes: [{ match: '>', policy }],
  })
  onTestFinished(() => client.close({ timeout: 0 }))
  const isUp = () => client.status().sites.every(({ state }) => state === 'up')
  if (!isUp()) for await (const _ of client.watch()) if (isUp()) break
  return { a, b, c, client, link: hop(client) }
}

/** A channel at one engine, past the hop. */
async function direct(engine: MemoryEngine, spec: ChannelSpec, missing: ConnectOptions['missing'] = 'create') {
  const credentials = async () => ({ by: 'none' }) as const
  const link = await memory(engine).connect(['x'], { client: 'direct', nonce: NONCE, missing, credentials }, NEVER)
  return link.open(spec, NEVER)
}

/** The ids of quotes, as the publisher of a page would give them. */
const id = (seq: number): string => `${NONCE}-1.${seq}.1700000000000`

function put(channel: Channel, ...batch: Outgoing[]): Promise<readonly SendOutcome[]> {
  return Promise.all(
    batch.map((message) => new Promise<SendOutcome>((resolve) => void channel.send([message], (_, it) => resolve(it)))),
  )
}

/** A reception whose deliveries are at hand. */
async function listen(channel: Channel, source: Source = {}, flow = FLOW) {
  const reception = await channel.receive(source, flow, NEVER)
  const came: Delivery[] = []
  const until = async (done: () => boolean): Promise<readonly Delivery[]> => {
    while (!done()) {
      const batch = await reception.next()
      if (batch === undefined) throw new Error('the reception ended')
      came.push(...batch.deliveries)
    }
    return came
  }
  return {
    reception,
    came,
    bodies: () => came.map(({ body }) => (typeof body === 'string' ? body : new TextDecoder().decode(body))),
    until: (count: number) => until(() => came.length >= count),
  }
}

describe('a hop', () => {
  it('passes one copy of what two sites deliver, in the order of the first (R49)', async () => {
    const { a, b, link } = await rig()
    const reader = await listen(await link.open(QUOTES, NEVER))
    const [atA, atB] = [await direct(a, QUOTES), await direct(b, QUOTES)]
    for (const seq of [1, 2, 3]) {
      await put(atA, { id: id(seq), path: 'IBM', body: `${seq}` })
      await put(atB, { id: id(seq), path: 'IBM', body: `${seq}` })
    }
    await put(atB, { id: id(4), path: 'IBM', body: '4' })
    await put(atA, { id: id(5), path: 'IBM', body: '5' })
    await reader.until(5)
    expect(reader.bodies().sort()).toEqual(['1', '2', '3', '4', '5'])
  })

  it('holds nothing back for a hole, and reports none (I19)', async () => {
    const { a, client, link } = await rig()
    const reader = await listen(await link.open(QUOTES, NEVER))
    const atA = await direct(a, QUOTES)
    await put(atA, { id: id(1), path: 'IBM', body: '1' }, { id: id(9), path: 'IBM', body: '9' })
    await reader.until(2)
    expect(reader.bodies()).toEqual(['1', '9'])
    expect(client.status().subscriptions).toEqual([])
  })

  it('leaves identity, headers and the flag of a second copy as they came, and gives strangers no identity', async () => {
    const { a, link } = await rig()
    const reader = await listen(await direct(a, QUOTES))
    const channel = await link.open(QUOTES, NEVER)
    await put(
      channel,
      { id: id(7), path: 'IBM', body: '7', headers: ['lang', 'de', 'sw-again', '1'] },
      { path: 'IBM', body: 'foreign' },
      { id: 'order/4711', path: 'IBM', body: 'foreign id' },
    )
    const [seventh, foreign, named] = await reader.until(3)
    expect([seventh?.id, foreign?.id, named?.id]).toEqual([id(7), undefined, 'order/4711'])
    expect(seventh?.headers()).toEqual(['lang', 'de', 'sw-again', '1'])
    expect(foreign?.headers()).toEqual([])
  })

  it('says marks and voids at every site of what they speak of, and at no other (R6, I9)', async () => {
    const { a, b, c, link } = await rig()
    const readers = [await listen(await direct(a, MARKS)), await listen(await direct(b, MARKS))]
    const back = await listen(await link.open(MARKS, NEVER))
    const body = JSON.stringify({ v: 1, voids: [[`${NONCE}-1`, 3, 3]] })
    expect(await put(await link.open(MARKS, NEVER), { path: '', body })).toMatchObject([{ outcome: 'done' }])
    for (const reader of readers) await reader.until(1)
    expect(readers.map((reader) => reader.bodies())).toEqual([[body], [body]])
    await put(await direct(b, MARKS), { path: '', body: 'of b' })
    await back.until(2)
    expect(back.bodies()).toContain('of b')
    await expect(direct(c, MARKS, 'refuse')).rejects.toMatchObject({ code: 'not-found' })
    await expect(direct(c, QUOTES, 'refuse')).rejects.toMatchObject({ code: 'not-found' })
  })

  it('says unsent at once when none of its sites can be reached (R51)', async () => {
    const { a, b, link } = await rig()
    const channels = [await link.open(QUOTES, NEVER), await link.open(PRICE, NEVER)]
    a.kill()
    b.kill()
    for (const channel of channels) {
      const path = channel === channels[0] ? 'IBM' : ''
      const [outcome] = await put(channel, { id: id(1), path, body: '1' })
      expect(outcome).toMatchObject({ outcome: 'unsent', error: { code: 'unavailable', scope: 'channel' } })
      await expect(channel.probe(NEVER)).rejects.toMatchObject({ code: 'unavailable', scope: 'channel' })
    }
  })

  it('outlives a site: sends go to the next one, and receiving goes on there', async () => {
    const { a, b, c, link } = await rig()
    const channel = await link.open(QUOTES, NEVER)
    const reader = await listen(channel)
    await put(channel, { id: id(1), path: 'IBM', body: '1' })
    a.kill()
    expect(await put(channel, { id: id(2), path: 'IBM', body: '2' })).toMatchObject([{ outcome: 'done' }])
    await reader.until(2)
    expect(reader.bodies()).toEqual(['1', '2'])
    await link.probe(NEVER)
    b.kill()
    c.kill()
    await expect(link.probe(NEVER)).rejects.toMatchObject({ code: 'unavailable', scope: 'link' })
  })

  it('resumes behind the position at every site that gave something', async () => {
    const { a, b, link } = await rig()
    const channel = await link.open(QUOTES, NEVER)
    const [atA, atB] = [await direct(a, QUOTES), await direct(b, QUOTES)]
    const first = await listen(channel)
    for (let at = 0; at < 10; at++) {
      await put(atA, { path: 'IBM', body: `a${at}` })
      await put(atB, { path: 'IBM', body: `b${at}` })
      await first.until(2 * (at + 1))
    }
    const given = first.bodies().slice(0, 7)
    const position = first.came[6]?.position() ?? ''
    const second = await listen(channel, { start: { at: 'position', position } })
    await second.until(13)
    expect([...given, ...second.bodies()].sort()).toEqual(first.bodies().sort())
    // Of a site that gave nothing since, the place is kept.
    await put(atA, { path: 'IBM', body: 'a10' })
    await second.until(14)
    const again = second.came.find(({ body }) => body === 'a10')?.position() ?? ''
    const third = await listen(channel, { start: { at: 'position', position: again } })
    await put(atB, { path: 'IBM', body: 'b10' })
    await third.until(1)
    expect(third.bodies()).toEqual(['b10'])
    const foreign = channel.receive({ start: { at: 'position', position: 'kafka:17' } }, FLOW, NEVER)
    await expect(foreign).rejects.toMatchObject({ code: 'conflict', scope: 'channel' })
  })

  it('gives out no more work of two sites than flow, and settles each job where it came from', async () => {
    const { a, b, link } = await rig()
    const ends = [await direct(a, JOBS), await direct(b, JOBS)]
    const reader = await listen(await link.open(JOBS, NEVER), {}, { messages: 2, bytes: 1 << 20 })
    for (const end of ends) await put(end, ...[1, 2, 3].map((n) => ({ path: '', body: `${n}` })))
    const pulled = [...(await reader.until(2))]
    expect(pulled).toHaveLength(2)
    for (let done = 0; done < 6; done++) {
      await reader.until(done + 1)
      expect(reader.came.filter((one) => one.held).length).toBeLessThanOrEqual(2)
      await reader.came[done]?.settle('ack')
    }
    expect(reader.bodies().sort()).toEqual(['1', '1', '2', '2', '3', '3'])
    await reader.reception.stop(NEVER)
    for (const end of ends) {
      await put(end, { path: '', body: 'last' })
      const rest = await listen(end)
      await rest.until(1)
      expect(rest.bodies()).toEqual(['last'])
    }
  })

  it('gives back what waits here when the last of its sites goes, unknown where one may have taken it', async () => {
    const { a, b, link } = await rig()
    const channel = await link.open(QUOTES, NEVER)
    b.kill()
    a.hang()
    const sent = put(channel, { id: id(1), path: 'IBM', body: '1' })
    await Promise.resolve()
    a.kill()
    expect(await sent).toMatchObject([{ outcome: 'unknown' }])
  })

  it('refuses a group where messages are at all sites (R43)', async () => {
    const { link } = await rig(all())
    const channel = await link.open(QUOTES, NEVER)
    await expect(channel.receive({ group: 'g' }, FLOW, NEVER)).rejects.toMatchObject({ code: 'capability' })
  })

  it('ends with its client, after everything that was pending', async () => {
    const { a, b, client, link } = await rig()
    const channel = await link.open(QUOTES, NEVER)
    const { reception } = await listen(channel)
    a.hang()
    b.hang()
    const log: string[] = []
    const note = (what: string, promise: Promise<unknown>) =>
      promise.then(
        () => log.push(what),
        () => log.push(what),
      )
    const pending = [
      note('next', reception.next()),
      note('open', link.open(JOBS, NEVER)),
      note('receive', channel.receive({}, FLOW, NEVER)),
      note('probe', link.probe(NEVER)),
      note('send', put(channel, { id: id(1), path: 'IBM', body: '1' })),
      note('ended', link.ended),
    ]
    await client.close({ timeout: 0 })
    await Promise.all(pending)
    expect(log.at(-1)).toBe('ended')
    expect(await link.ended).toEqual({ by: 'us' })
    await expect(link.open(QUOTES, NEVER)).rejects.toMatchObject({ code: 'closed' })
  })

  it('leaves its client alone when it is closed', async () => {
    const { client, link } = await rig()
    const channel = await link.open(QUOTES, NEVER)
    const { reception } = await listen(channel)
    await link.close(NEVER)
    expect(await reception.next()).toBeUndefined()
    expect(await put(channel, { path: 'IBM', body: '1' })).toMatchObject([{ outcome: 'unsent' }])
    await hop(client).probe(NEVER)
  })
})
