import { getEventListeners } from 'node:events'
import type { ChannelSpec, Delivery, Reception } from '@spanwire/driver'
import { MessagingError } from '@spanwire/driver'
import { expect } from 'vitest'
import { byPath, numbered, strangers, textOf, texts } from './messages.js'
import { claimed, type Property } from './property.js'
import { Reader } from './reader.js'
import type { Kind } from './spec.js'
import type { Trial } from './trial.js'
import { eventually, observe, within } from './wait.js'

/** R: sources that end, snapshots that pass into the live stream, groups that change. */
export const receiveEndProperties: readonly Property[] = [
  ...(['durable', 'live', 'queue'] as const).map(
    (kind): Property => ({
      id: 'R1',
      part: `bounded-${kind}`,
      title: 'the signal bounds the attaching only: nobody listens to it later, and aborted it ends nothing',
      shares: true,
      run: (trial) => outlivesItsSignal(trial, kind),
    }),
  ),
  {
    id: 'R11',
    part: 'deleted',
    title: 'a channel deleted: next() rejects once with channel scope; the link and other receptions live',
    needs: ['deleteChannel'],
    run: (trial) => endsAlone(trial, trial.facility('deleteChannel')),
  },
  {
    id: 'R11',
    part: 'revoked',
    title: 'a permission revoked: next() rejects once with channel scope; the link and other receptions live',
    needs: ['revoke'],
    run: (trial) => endsAlone(trial, trial.facility('revoke')),
  },
  ...(['durable', 'live'] as const).map(
    (kind): Property => ({
      id: 'R12',
      part: kind,
      title: 'after stop() nothing is delivered, and it resolves',
      shares: true,
      async run(trial) {
        const { here, there } = await trial.pair(trial.spec(kind))
        const reception = await trial.receive(there)
        const pending = observe(reception.next())
        const stopping = reception.stop(trial.signal())
        expect((await within('next() at stop', pending.promise, trial.patienceMs))?.deliveries ?? []).toEqual([])
        await within('stop', stopping, trial.patienceMs)
        await trial.put(here, numbered(10))
        expect(await within('next() after stop', reception.next(), trial.patienceMs)).toBeUndefined()
      },
    }),
  ),
  {
    id: 'R12',
    part: 'queue',
    title: 'after stop() the unpulled reach another consumer, the pulled can be settled, then it resolves',
    shares: true,
    run: (trial) => handsOver(trial, trial.spec('queue'), {}),
  },
  {
    id: 'R12',
    part: 'group',
    title: 'after stop() the unpulled reach another consumer, the pulled can be settled, then it resolves',
    shares: true,
    async run(trial) {
      const spec = trial.spec('durable')
      claimed((await trial.open(spec)).can.groups, 'can.groups is false')
      await handsOver(trial, spec, { group: 'g' })
    },
  },
  {
    id: 'R12',
    part: 'aborted',
    title: 'a stop() whose signal aborts gives the pulled ones back to others',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('queue'))
      const reader = await trial.listen(there, { each: () => undefined })
      await trial.put(here, strangers(5))
      const [first] = await reader.until(5)
      const abort = new AbortController()
      const stopping = observe(reader.reception.stop(abort.signal))
      const second = await trial.listen(here)
      abort.abort()
      await within('stop after its abort', stopping.promise, trial.patienceMs)
      await second.until(5)
      expect([...second.texts].sort()).toEqual(texts(0, 5))
      expect(first?.held).toBe(false)
    },
  },
  {
    id: 'R13',
    title:
      'latest gives one per path, says caughtUp, then goes live: no gap and no doublet under concurrent publishing',
    shares: true,
    async run(trial) {
      const spec = await trial.any(['durable', 'live'], { latest: true })
      const { here, there } = await trial.pair(spec)
      claimed(there.can.starts.includes('latest'), 'can.starts lacks latest')
      const paths = ['a', 'b', 'c', 'd', 'e']
      await trial.put(here, numbered(50, { paths }))
      const sendings = [0, 1, 2, 3].map((call) => trial.send(here, numbered(100, { prefix: `c${call}-`, paths })))
      const reader = await trial.listen(there, { source: { start: { at: 'latest' } } })
      sendings.push(trial.send(here, numbered(100, { prefix: 'c4-', paths })))
      for (const sending of sendings) await trial.reports(sending)
      await trial.flush(here, reader, paths)
      expect(reader.caughtUpAfter).toBeGreaterThanOrEqual(paths.length)
      for (const [at, path] of paths.entries()) suffixOf(sent(at), byPath(reader.deliveries).get(path)?.slice(0, -1))
    },
  },
  {
    id: 'R13',
    part: 'idle',
    title:
      'latest gives exactly the newest of each path, and caughtUp with them or right behind, also when there is none',
    shares: true,
    async run(trial) {
      const spec = await trial.any(['durable', 'live'], { latest: true })
      const { here, there } = await trial.pair(spec)
      claimed(there.can.starts.includes('latest'), 'can.starts lacks latest')
      const empty = await trial.listen(there, { source: { start: { at: 'latest' } } })
      await empty.until((reader) => reader.caughtUpAfter === 0)
      await trial.put(here, numbered(30, { paths: ['a', 'b', 'c'] }))
      const reader = await trial.listen(there, { source: { start: { at: 'latest' }, paths: ['a', 'c'] } })
      await reader.until((now) => now.caughtUpAfter !== undefined)
      expect([...reader.texts].sort()).toEqual(['m27', 'm29'])
    },
  },
  {
    id: 'R15',
    title:
      'two members share a group; one leaves and returns under load: no loss, and no more repeats than were unsettled',
    shares: true,
    run: groupUnderLoad,
  },
]

async function endsAlone(trial: Trial, end: (spec: ChannelSpec) => Promise<void>): Promise<void> {
  const spec = await trial.any(['durable', 'queue', 'live'])
  const healthy = await trial.any()
  const doomed = await trial.listen(await trial.open(spec))
  const { here, there } = await trial.pair(healthy)
  const reader = await trial.listen(here)
  await end(spec)
  const last = await doomed.ended()
  if (last.at !== 'failed' || !MessagingError.is(last.error)) throw new Error('next() should reject with an error')
  expect(last.error.scope).toBe('channel')
  expect(await within('next() after its rejection', doomed.reception.next(), trial.patienceMs)).toBeUndefined()
  await (await trial.main()).probe(trial.signal())
  await trial.put(there, numbered(5))
  expect(await trial.flush(there, reader)).toHaveLength(5)
}

async function outlivesItsSignal(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  const attaching = new AbortController()
  const flow = { messages: 100, bytes: 1 << 20 }
  const reception = await within('receive', there.receive({}, flow, attaching.signal), trial.patienceMs)
  expect(getEventListeners(attaching.signal, 'abort')).toEqual([])
  attaching.abort()
  const reader = new Reader(
    reception,
    trial.patienceMs,
    kind === 'queue' ? (one) => one.settle('ack') : () => undefined,
  )
  await trial.put(here, numbered(20))
  expect(await trial.flush(here, reader)).toEqual(texts(0, 20))
  await reader.settled()
  await within('stop', reception.stop(trial.signal()), trial.patienceMs)
}

async function handsOver(trial: Trial, spec: ChannelSpec, source: { readonly group?: string }): Promise<void> {
  const { here, there } = await trial.pair(spec)
  const reception = await trial.receive(there, source, { messages: 10, bytes: 1 << 20 })
  await trial.put(here, numbered(1))
  const pulled = await firstOf(trial, reception)
  // With one pulled and unsettled, up to nine of these lie in the driver, unpulled, when the stop comes.
  await trial.put(here, strangers(9, 'n'))
  const stopping = observe(reception.stop(trial.signal()))
  expect(await within('next() after stop', reception.next(), trial.patienceMs)).toBeUndefined()
  const settle = async (): Promise<void> => {
    expect(stopping.seen().at).toBe('pending')
    expect(pulled.held).toBe(true)
    await pulled.settle('ack')
    await within('stop', stopping.promise, trial.patienceMs)
  }
  const isWhole = trial.rig.divides === 'partitions'
  if (isWhole) await settle()
  const second = await trial.listen(here, { source })
  await second.until(9)
  expect([...second.texts].sort()).toEqual(texts(0, 9, 'n'))
  if (!isWhole) await settle()
  await trial.put(here, numbered(1, { prefix: 'last' }))
  await second.untilText('last0')
  expect(second.texts).not.toContain('m0')
}

async function firstOf(trial: Trial, reception: Reception): Promise<Delivery> {
  for (const until = Date.now() + trial.patienceMs; Date.now() < until; ) {
    const batch = await within('next()', reception.next(), trial.patienceMs)
    const [delivery] = batch?.deliveries ?? []
    if (delivery !== undefined) return delivery
  }
  throw new Error('only empty batches came')
}

/** What was sent to the path number `at`, in order. */
function sent(at: number): string[] {
  const mine = (count: number, prefix: string) => texts(0, count, prefix).filter((_, index) => index % 5 === at)
  return [...mine(50, 'm'), ...[0, 1, 2, 3, 4].flatMap((call) => mine(100, `c${call}-`))]
}

/** Without a gap or doublet from wherever it began, and it began at or behind what was stored before. */
function suffixOf(all: readonly string[], came: readonly string[] = []): void {
  expect(came).toEqual(all.slice(-came.length))
  expect(came.length).toBeGreaterThan(0)
  expect(came.length).toBeLessThanOrEqual(all.length - 9)
}

async function groupUnderLoad(trial: Trial): Promise<void> {
  const { here, there } = await trial.pair(trial.spec('durable'))
  claimed(here.can.groups, 'can.groups is false')
  const source = { group: 'workers' }
  const runs: string[] = []
  const each = (one: Delivery) => {
    runs.push(textOf(one))
    return one.settle('ack')
  }
  const flow = { messages: 20, bytes: 1 << 20 }
  const stays = await trial.listen(here, { source, flow, each })
  let leaver: Reader = await trial.listen(there, { source, flow, each })
  for (let round = 0; round < 5; round++) {
    const sending = trial.send(here, numbered(100, { prefix: `${round}-`, paths: ['a', 'b', 'c'] }))
    if (round % 2 === 0) await within('stop', leaver.reception.stop(trial.signal()), trial.patienceMs)
    else leaver = await trial.listen(there, { source, flow, each })
    await trial.reports(sending)
  }
  const all = [0, 1, 2, 3, 4].flatMap((round) => texts(0, 100, `${round}-`))
  const missing = () => all.filter((text) => !runs.includes(text))
  await eventually('all 500 handled', () => Promise.resolve(missing().length === 0), trial.patienceMs)
  await stays.settled()
  expect(runs.length - new Set(runs).size).toBeLessThanOrEqual(20 * 5)
}
