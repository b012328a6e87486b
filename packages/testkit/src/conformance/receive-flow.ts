import type { Batch, Delivery, Flow, Outgoing, Reception } from '@spanwire/driver'
import { expect } from 'vitest'
import { bytesOf, filler, numbered, strangers, textOf, texts } from './messages.js'
import { claimed, type Property } from './property.js'
import type { Kind } from './spec.js'
import type { Trial } from './trial.js'
import { elapse, microtasks, observe, within } from './wait.js'

const TIGHT: Flow = { messages: 10, bytes: 1 << 20 }
/** Beats are asked for generously: five within the time of fifteen. */
const BEAT_SLACK = 3

/** What a driver that lets go of the oldest may have at hand of it: a batch that is not handed out yet, and some. */
const MAX_AT_HAND = 5 * TIGHT.messages

/** Receptions that are made until one can be hung alone. */
const MAX_TRIES = 20

/** R: how much comes, how fast, and what happens beyond. */
export const receiveFlowProperties: readonly Property[] = [
  ...(['durable', 'live', 'queue'] as const).flatMap((kind): Property[] => [
    {
      id: 'R7',
      part: kind,
      title: 'a batch never exceeds flow, and unpulled the driver holds no more than that',
      shares: true,
      run: (trial) => heldIsBounded(trial, kind),
    },
    {
      id: 'R7',
      part: `${kind}, bytes`,
      title: 'a batch never exceeds the bytes of flow unless it is a single message',
      shares: true,
      run: (trial) => bytesAreBounded(trial, kind),
    },
    {
      id: 'R8',
      part: kind,
      title: 'beyond flow nothing is lost where the engine waits, else lost.count is the number missing',
      shares: true,
      run: (trial) => lossIsCounted(trial, kind),
    },
    {
      id: 'R9',
      part: kind,
      title: 'one unpulled reception delays neither another, nor probe, nor sends on the same link',
      shares: true,
      run: (trial) => unpulledIsAlone(trial, kind),
    },
    {
      id: 'R10',
      part: kind,
      title: 'idle for five beats, each next() resolves in time with an empty batch',
      run: (trial) => beats(trial, kind),
    },
    {
      id: 'R10',
      part: `${kind}, hung`,
      title: 'beats stop when the engine hangs',
      needs: ['hang', 'heal'],
      run: (trial) => beatsStop(trial, kind, () => trial.hang().then(() => true)),
    },
  ]),
  {
    id: 'R10',
    part: 'source hung',
    title: 'beats stop when the source hangs behind a healthy link',
    needs: ['stall'],
    run: (trial) =>
      beatsStop(trial, 'durable', async (spec) => {
        const cure = await trial.facility('stall')(spec)
        if (cure) trial.after(cure)
        return cure !== undefined
      }),
  },
  {
    id: 'R14',
    part: 'adjust',
    title: 'adjust() takes effect at once and leaves no gap',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(await trial.any(['durable', 'live']))
      const reception = await trial.receive(there, {}, { messages: 1, bytes: 1 << 20 })
      reception.adjust({ messages: 1_000, bytes: 1 << 20 })
      await trial.put(here, numbered(100))
      const first = await gather(trial, reception, 40)
      reception.adjust({ messages: 200, bytes: 1 << 20 })
      const rest = await gather(trial, reception, 100 - first.length)
      expect([...first, ...rest].map(textOf)).toEqual(texts(0, 100))
    },
  },
  {
    id: 'R14',
    part: 'adjust, queue',
    title: 'adjust() takes effect at once and leaves no gap',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('queue'))
      const reception = await trial.receive(there, {}, { messages: 1, bytes: 1 << 20 })
      await trial.put(here, strangers(5))
      const first = await gather(trial, reception, 1)
      expect(first).toHaveLength(1)
      reception.adjust({ messages: 5, bytes: 1 << 20 })
      const all = [...first, ...(await gather(trial, reception, 4))]
      expect(all.map(textOf).sort()).toEqual(texts(0, 5))
      await Promise.all(all.map((one) => one.settle('ack')))
    },
  },
  {
    id: 'R14',
    part: 'conflate',
    title: 'what is conflated comes at most so often a path, the newest last',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(await trial.any(['live', 'durable']))
      const conflateHz = 20
      const reader = await trial.listen(there, { flow: { messages: 1_000, bytes: 1 << 20, conflateHz } })
      const since = Date.now()
      for (let at = 0; at < 100; at++) {
        await trial.put(here, [{ path: 'a', body: `m${at}` }])
        await elapse(5)
      }
      await reader.untilText('m99')
      const seconds = (Date.now() - since) / 1_000
      claimed(reader.texts.length < 100, 'conflateHz is a permission, which this driver does not use')
      expect(reader.texts.length).toBeLessThanOrEqual(seconds * conflateHz * 1.2 + 2)
      expect(reader.texts.at(-1)).toBe('m99')
    },
  },
  ...(['durable', 'live', 'queue'] as const).map(
    (kind): Property => ({
      id: 'R16',
      part: kind,
      title: "a message above the wire's default limits passes, or fails alone",
      run: (trial) => big(trial, kind),
    }),
  ),
]

/**
 * One pull after another, until the caller has enough or nothing has come for as long as patience lasts. `onWait`: a pull is not
 * answered before the engine is heard again.
 */
async function* pulls(trial: Trial, reception: Reception, onWait: () => void = () => {}): AsyncGenerator<Batch> {
  for (let since = Date.now(); Date.now() - since < trial.patienceMs; ) {
    const pulled = observe(reception.next())
    await microtasks()
    if (pulled.seen().at === 'pending') onWait()
    const batch = await within('next()', pulled.promise, trial.patienceMs)
    if (batch === undefined) throw new Error('the reception ended early')
    if (batch.deliveries.length > 0) since = Date.now()
    yield batch
  }
  throw new Error(`still not enough, and nothing came for ${trial.patienceMs} ms`)
}

async function gather(trial: Trial, reception: Reception, count: number): Promise<Delivery[]> {
  const all: Delivery[] = []
  // One pull may have given them all before.
  if (count <= 0) return all
  for await (const { deliveries } of pulls(trial, reception)) {
    all.push(...deliveries)
    if (all.length >= count) break
  }
  return all
}

async function heldIsBounded(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const reception = await trial.receive(there, {}, TIGHT)
  await trial.put(here, kind === 'queue' ? strangers(100) : numbered(100))
  let pulled = 0
  for await (const { deliveries, lost } of pulls(trial, reception)) {
    expect(deliveries.length).toBeLessThanOrEqual(TIGHT.messages)
    pulled += deliveries.length + (lost?.count ?? 0)
    if (pulled >= (kind === 'queue' ? 1 : 100)) break
  }
  // Of a queue another consumer gets all that this one does not hold, pulled or not.
  if (kind === 'queue' && trial.rig.divides !== 'partitions') await (await trial.listen(here)).until(90)
}

async function bytesAreBounded(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const bytes = 8_192
  const reception = await trial.receive(there, {}, { messages: 1_000, bytes })
  await trial.put(here, heavy(50, 1_024))
  let pulled = 0
  for await (const { deliveries, lost } of pulls(trial, reception)) {
    const size = deliveries.reduce((sum, one) => sum + bytesOf(one.body).length, 0)
    expect(deliveries.length <= 1 || size <= bytes, `${deliveries.length} messages of together ${size}`).toBe(true)
    if (kind === 'queue') await Promise.all(deliveries.map((one) => one.settle('ack')))
    pulled += deliveries.length + (lost?.count ?? 0)
    if (pulled >= 50) break
  }
}

async function lossIsCounted(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const slow = await trial.receive(there, {}, TIGHT)
  await trial.put(here, numbered(500))
  // Whoever had pulled would have all of them by now.
  if (kind !== 'queue') await trial.flush(here, await trial.listen(there))
  const came: string[] = []
  const settling: Promise<void>[] = []
  let lost = 0
  // What is still on its way comes while we pull, and is not lost.
  let atHand = 0
  let isAtHand = true
  for await (const batch of pulls(trial, slow, () => (isAtHand = false))) {
    if (isAtHand) atHand += batch.deliveries.length
    if (batch.lost !== undefined) expect(batch.lost.reason).toBe('slow')
    lost += batch.lost?.count ?? 0
    const now = batch.deliveries.map(textOf).filter((text) => text.startsWith('m'))
    expect(now).toEqual(texts(came.length + lost, came.length + lost + now.length))
    came.push(...now)
    // A slot is free at the call: the next one does not wait for the confirmation.
    for (const one of kind === 'queue' ? batch.deliveries : []) {
      const settled = one.settle('ack')
      settled.catch(() => {})
      settling.push(settled)
    }
    if (came.length + lost >= 500) break
  }
  await Promise.all(settling)
  if (here.can.waits) return expect(lost).toBe(0)
  expect(came.at(-1)).toBe('m499')
  expect(atHand).toBeLessThanOrEqual(MAX_AT_HAND)
}

function heavy(count: number, bytes: number): Outgoing[] {
  const body = filler(bytes)
  return Array.from({ length: count }, () => ({ path: 'a', body }))
}

async function unpulledIsAlone(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  await trial.receive(here, {}, { messages: 1, bytes: 1 << 20 })
  await trial.put(there, heavy(200, 10_000))
  const link = await trial.main()
  const quick = await trial.open(trial.spec(kind), link)
  const reader = await trial.listen(quick)
  await within('probe', link.probe(trial.signal()), trial.patienceMs)
  await trial.put(quick, numbered(100))
  expect(await trial.flush(quick, reader)).toEqual(texts(0, 100))
}

async function beats(trial: Trial, kind: Kind): Promise<void> {
  const reception = await trial.receive(await trial.open(trial.spec(kind)))
  const { beatMs } = reception
  claimed(beatMs !== undefined, 'the reception has no beatMs')
  for (let beat = 0; beat < 5; beat++) {
    const batch = await within(`beat ${beat}`, reception.next(), beatMs * BEAT_SLACK + 250)
    expect(batch?.deliveries).toEqual([])
  }
}

async function beatsStop(
  trial: Trial,
  kind: Kind,
  hang: (spec: Parameters<Trial['open']>[0]) => Promise<boolean>,
): Promise<void> {
  const spec = trial.spec(kind)
  const channel = await trial.open(spec)
  let reception = await trial.receive(channel)
  const { beatMs } = reception
  claimed(beatMs !== undefined, 'the reception has no beatMs')
  for (let tries = 1; !(await hang(spec)); tries++) {
    expect(tries).toBeLessThan(MAX_TRIES)
    await within('stop', reception.stop(trial.signal()), trial.patienceMs)
    reception = await trial.receive(channel)
  }
  // What was under way may still come; then next() has to stay open for as long as three beats would take.
  let last = observe(reception.next())
  for (let left = 2; left > 0; left--) {
    await elapse(beatMs)
    if (last.seen().at === 'fulfilled') last = observe(reception.next())
  }
  await elapse(beatMs * 3)
  expect(last.seen().at).toBe('pending')
}

async function big(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  // Above the 4 MiB of gRPC and the 1 MiB of the others.
  const bytes = 5 << 20
  const reader = await trial.listen(there)
  const sending = trial.send(here, [
    ...numbered(1),
    { path: 'a', body: filler(bytes) },
    ...numbered(1, { prefix: 'n' }),
  ])
  await trial.reports(sending)
  const found = await trial.flush(here, reader)
  const passed = here.can.maxBytes > bytes
  expect(sending.outcomes.map((one) => one?.outcome)).toEqual(['done', passed ? 'done' : expect.any(String), 'done'])
  expect(found.map((text) => text.length)).toEqual(passed ? [2, bytes, 2] : [2, 2])
}
