import type { Outgoing } from '@spanwire/driver'
import { expect } from 'vitest'
import { byPath, filler, fingerprint, numbered, type textOf, texts } from './messages.js'
import { claimed, type Property } from './property.js'
import { those } from './sending.js'
import type { Kind } from './spec.js'
import type { Trial } from './trial.js'

const KINDS: readonly Kind[] = ['durable', 'live', 'queue']
/** Beyond this a single message is not built for a test. */
const HEAVY_BYTES = 128 << 20

/** S: what sending promises while the engine is well. */
export const sendProperties: readonly Property[] = [
  ...perKind(
    'S1',
    'exactly one report per message and all of them delivered, for batches of 1, 100 and 10,000',
    reports,
  ),
  ...perKind('S2', 'the oversized member of a batch fails alone', oversized),
  ...alone(perKind('S3', 'members that fit are done though their sum exceeds every limit', large)),
  {
    id: 'S4',
    title: 'with one channel hung, the reports of other channels come and only its own stay out',
    needs: ['stall'],
    async run(trial) {
      const sick = await trial.any()
      const well = await trial.any()
      const [a, b] = [await trial.open(sick), await trial.open(well)]
      const cure = await trial.facility('stall')(sick)
      if (!cure) throw new Error('a channel that nobody reads can be stalled')
      const held = trial.send(a, numbered(100))
      await trial.put(b, numbered(100))
      expect(held.reported()).toBe(0)
      await cure()
      await trial.reports(held)
    },
  },
  ...perKind('S9', 'order per key holds within a call and across four open calls, two keys interleaved', order),
  ...perKind('S10', 'the same id twice is one or two copies, never an error', sameId),
  ...perKind('S11', 'text, bytes and headers survive, and bodies may be reused after the last report', content),
  {
    id: 'S12',
    title: 'a foreign client reads ours, and its message without id is delivered',
    needs: ['foreign'],
    async run(trial) {
      const spec = await trial.any()
      const { here, there } = await trial.pair(spec)
      const foreign = trial.facility('foreign')
      const reader = await trial.listen(there)
      await foreign.publish(spec, 'a', 'from outside')
      const [theirs] = await reader.until(1)
      expect(theirs?.id).toBeUndefined()
      expect(reader.texts).toEqual(['from outside'])
      const reading = await foreign.read(spec, 3)
      await trial.put(here, numbered(3))
      expect(await reading.bodies).toEqual(texts(0, 3))
    },
  },
]

function perKind(id: Property['id'], title: string, check: (trial: Trial, kind: Kind) => Promise<void>): Property[] {
  return KINDS.map((kind) => ({ id, part: kind, title, shares: true, run: (trial) => check(trial, kind) }))
}

/** Too heavy to run ten times at once. */
function alone(properties: readonly Property[]): Property[] {
  return properties.map(({ shares: _, ...property }) => property)
}

async function reports(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const reader = await trial.listen(there)
  // Beside others, ten thousand each would only measure the machine.
  const counts = [1, 100, trial.company === 'alone' ? 10_000 : 500]
  for (const [round, count] of counts.entries()) {
    const prefix = `r${round}-`
    const before = reader.texts.length
    const sending = await trial.put(here, numbered(count, { prefix }))
    await reader.until(before + count)
    expect(reader.texts.slice(before).join()).toBe(texts(0, count, prefix).join())
    expect(sending.outcomes).toHaveLength(count)
  }
  expect(await trial.flush(here, reader)).toHaveLength(counts.reduce((sum, count) => sum + count))
}

async function oversized(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const { maxBytes } = here.can
  claimed(maxBytes <= HEAVY_BYTES, `can.maxBytes is ${maxBytes}`)
  const reader = await trial.listen(there)
  const sending = trial.send(here, [
    ...numbered(1),
    { path: 'a', body: filler(maxBytes + 1) },
    ...numbered(1, { prefix: 'n' }),
  ])
  await trial.reports(sending)
  expect(those(sending.outcomes, 'done')).toEqual([0, 2])
  expect(those(sending.outcomes, 'refused', 'unsent')).toEqual([1])
  expect(sending.outcomes[1]).toMatchObject({ error: { code: 'too-large', scope: 'message', retryable: false } })
  expect(await trial.flush(here, reader)).toEqual(['m0', 'n0'])
}

async function large(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const bytes = Math.min(512 << 10, Math.floor(here.can.maxBytes / 2))
  const total = Math.min(64 << 20, Math.max(8 << 20, here.can.maxBytes * 4))
  const count = Math.ceil(total / bytes)
  const body = filler(bytes)
  const reader = await trial.listen(there, { flow: { messages: count, bytes: 2 * total } })
  await trial.put(
    here,
    Array.from({ length: count }, () => ({ path: 'a', body })),
  )
  // Who drops what is live may have dropped some, as so much may lie between us and it.
  await reader.until(() => reader.texts.length + (here.can.waits ? 0 : reader.lostCount()) >= count)
  expect(reader.texts.every((text) => text.length === bytes)).toBe(true)
}

async function order(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const paths = ['a', 'b']
  const reader = await trial.listen(there)
  const calls = [0, 1, 2, 3].map((call) => trial.send(here, numbered(50, { prefix: `${call}-`, paths })))
  for (const call of calls) await trial.reports(call)
  await trial.flush(here, reader, paths)
  for (const [at, path] of paths.entries()) {
    const sent = [0, 1, 2, 3].flatMap((call) => texts(0, 50, `${call}-`).filter((_, index) => index % 2 === at))
    expect(byPath(reader.deliveries).get(path)?.slice(0, -1)).toEqual(sent)
  }
}

async function sameId(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const reader = await trial.listen(there)
  const id = await trial.id()
  const twin: Outgoing = { id, path: 'a', body: 'twin' }
  await trial.put(here, [twin])
  await trial.put(here, [{ ...twin }])
  const found = await trial.flush(here, reader)
  expect(found.every((text) => text === 'twin')).toBe(true)
  expect([1, 2]).toContain(found.length)
  for (const delivery of reader.deliveries.slice(0, found.length)) expect(delivery.id).toBe(id)
}

async function content(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const seen: { readonly body: string; readonly headers: readonly string[] }[] = []
  const each = (one: Parameters<typeof textOf>[0]) => {
    seen.push({ body: fingerprint(one.body), headers: one.headers() })
    return kind === 'queue' ? one.settle('ack') : undefined
  }
  const reader = await trial.listen(there, { each })
  const bodies = ['', 'Zürich 東京 🚀', 'a\0b', new Uint8Array(), Uint8Array.of(0, 255, 254, 13, 10, 0), filler(70_000)]
  const headers = ['empty', '', 'twice', 'one', 'twice', 'two', 'stadt', 'Zürich 東京', 'last', 'x y;z="1"']
  const sent = bodies.map(fingerprint)
  await trial.put(
    here,
    bodies.map((body) => ({ path: 'a', body, headers })),
  )
  for (const body of bodies) if (typeof body !== 'string') body.fill(238)
  await reader.until(bodies.length)
  expect(seen).toEqual(sent.map((body) => ({ body, headers })))
}
