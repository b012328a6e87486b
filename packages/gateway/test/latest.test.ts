import { expect, it } from 'vitest'
import { FLOW, house, type TestHouse, TOPIC } from './house.js'
import { Raw } from './raw.js'

const LATEST = { ...TOPIC, latest: true } as const
const TABLE = { start: { at: 'latest' } } as const

async function page(here: TestHouse, spec: object = LATEST, flow: object = FLOW): Promise<Raw> {
  const raw = await Raw.greeted(here.gateway.url)
  raw.say(['open', 1, spec])
  await raw.until('ok', 1)
  raw.say(['receive', 2, 1, TABLE, flow])
  await raw.until('ok', 2)
  return raw
}

/** One that only publishes. */
async function feed(here: TestHouse, spec: object = LATEST) {
  const raw = await Raw.greeted(here.gateway.url)
  raw.say(['open', 1, spec])
  await raw.until('ok', 1)
  let number = 1
  return async (...messages: readonly (readonly [path: string, body: string])[]): Promise<void> => {
    number += 1
    raw.say(['send', number, 1, messages.map(([path, body]) => [path, null, body])])
    await raw.until('done', number)
  }
}

interface Seen {
  /** Bodies of each path, in their order. */
  readonly bodies: Map<string, string[]>
  caughtUp: boolean
  /** Messages that it was told it will not get. */
  lost: number
}

/** Reads on until that holds, pulling everything at once. */
async function read(raw: Raw, until: (seen: Seen) => boolean, seen = nothing()): Promise<Seen> {
  let count = [...seen.bodies.values()].flat().length
  while (!until(seen)) {
    const [, , tuples, more = {}] = await raw.until('msgs', 2)
    seen.lost += (more as { lost?: { count: number } }).lost?.count ?? 0
    for (const [path, , , body] of tuples as [string, null, number, string][]) {
      seen.bodies.set(path, [...(seen.bodies.get(path) ?? []), body])
      count += 1
    }
    seen.caughtUp ||= (more as { caughtUp?: true }).caughtUp === true
    raw.say(['next', 2, count], ['ack', raw.heard.findLast(([name]) => name === 'flush')?.[1] ?? 0])
  }
  return seen
}

function nothing(): Seen {
  return { bodies: new Map(), caughtUp: false, lost: 0 }
}

it('twenty pages cost one reception upstream, and each begins with the newest of every path', async () => {
  await using here = await house()
  const publish = await feed(here)
  await publish(['a', '1'], ['b', '1'], ['a', '2'], ['c', '1'])
  const pages = [await page(here)]
  await read(pages[0] as Raw, ({ caughtUp }) => caughtUp)
  await publish(['b', '2'])
  await read(pages[0] as Raw, ({ bodies }) => bodies.has('b'))
  for (let at = 0; at < 19; at++) pages.push(await page(here))
  expect(here.engine.counts().receptions).toBe(1)
  for (const one of pages.slice(1)) {
    const { bodies } = await read(one, ({ caughtUp }) => caughtUp)
    // The oldest first, so that positions rise.
    expect([...bodies]).toEqual([
      ['a', ['2']],
      ['c', ['1']],
      ['b', ['2']],
    ])
  }
  await publish(['c', 'end'])
  for (const one of pages) await read(one, ({ bodies }) => bodies.get('c')?.includes('end') === true)
  for (const one of pages) one.socket.close()
  await Promise.all(pages.map((one) => one.closed))
  await expect.poll(() => here.engine.counts().receptions).toBe(0)
})

it.each(['live', 'durable'])(
  'who joins while it is published has no gap and no doublet (R13), on a topic kept %s',
  async (keep) => {
    await using here = await house()
    const spec = { ...LATEST, keep }
    const publish = await feed(here, spec)
    const large = { messages: 10_000, bytes: 16 << 20 }
    const publishing = (async () => {
      for (let at = 0; at < 300; at++) await publish(['a', `${at}`], ['b', `${at}`])
    })()
    const reading: Promise<Seen>[] = []
    for (let at = 0; at < 20; at++) {
      const one = await page(here, spec, large)
      reading.push(read(one, ({ bodies, caughtUp }) => caughtUp && isLast(bodies)))
    }
    await publishing
    expect(here.engine.counts().receptions).toBe(1)
    for (const { bodies, lost } of await Promise.all(reading)) {
      expect(lost).toBe(0)
      for (const path of ['a', 'b']) {
        const got = (bodies.get(path) ?? []).map(Number)
        // From wherever it joined, every one.
        expect(got).toEqual(Array.from({ length: got.length }, (_, at) => 300 - got.length + at))
      }
    }
  },
)

function isLast(bodies: Seen['bodies']): boolean {
  return ['a', 'b'].every((path) => bodies.get(path)?.at(-1) === '299')
}

it('a small window gets all of a large snapshot, piece by piece, and of what changed meanwhile the newest', async () => {
  await using here = await house()
  const publish = await feed(here)
  const paths = Array.from({ length: 300 }, (_, at) => `p${at}`)
  const first = await page(here)
  await publish(...paths.map((path) => [path, 'old'] as const))
  await read(first, ({ bodies }) => bodies.size === 300)
  const small = await page(here, LATEST, { messages: 10, bytes: 1 << 20 })
  await publish(['p299', 'new'])
  const { bodies, lost } = await read(small, ({ bodies }) => bodies.has('p299') && bodies.size === 300)
  expect([bodies.get('p0'), bodies.get('p299'), lost]).toEqual([['old'], ['new'], 1])
})

it('a conflating table gets every path, however small its window', async () => {
  await using here = await house()
  const publish = await feed(here)
  const paths = Array.from({ length: 300 }, (_, at) => `p${at}`)
  await publish(...paths.map((path) => [path, 'old'] as const))
  const small = await page(here, LATEST, { messages: 10, bytes: 1 << 20, conflateHz: 0 })
  const { bodies } = await read(small, ({ bodies, caughtUp }) => caughtUp && bodies.size === 300)
  expect([...bodies.values()].every((all) => all.length === 1)).toBe(true)
})

it('above its bound each page has a reception of its own, and still gets everything', async () => {
  await using here = await house({ limits: { held: { messages: 2, bytes: 1 << 20 } } })
  const publish = await feed(here)
  await publish(['a', '1'], ['b', '1'])
  const pages = [await page(here), await page(here)]
  expect(here.engine.counts().receptions).toBe(1)
  for (const one of pages) await read(one, ({ bodies, caughtUp }) => caughtUp && bodies.size === 2)
  await publish(['c', '1'])
  for (const one of pages) await read(one, ({ bodies }) => bodies.has('c'))
  const late = await page(here)
  await read(late, ({ bodies, caughtUp }) => caughtUp && bodies.size === 3)
  expect(here.engine.counts().receptions).toBe(2)
})

it('pages that come when what is stored is above the bound already are served one by one', async () => {
  await using here = await house({ limits: { held: { messages: 2, bytes: 1 << 20 } } })
  const publish = await feed(here)
  await publish(['a', '1'], ['b', '1'], ['c', '1'])
  for (let at = 0; at < 3; at++) {
    await read(await page(here), ({ bodies, caughtUp }) => caughtUp && bodies.size === 3)
  }
})
