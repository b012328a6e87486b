import type { Channel, Start } from '@spanwire/driver'
import { expect } from 'vitest'
import { byPath, doubles, numbered, texts } from './messages.js'
import { claimed, type Property } from './property.js'
import type { Reader } from './reader.js'
import type { Kind } from './spec.js'
import type { Trial } from './trial.js'
import { observe, within } from './wait.js'

const PATHS = ['a', 'b', 'c', 'd', 'e', 'f']

/** R: where receiving begins. */
export const receiveProperties: readonly Property[] = [
  ...(['durable', 'live', 'queue'] as const).map(
    (kind): Property => ({
      id: 'R1',
      part: kind,
      title: 'what another connection publishes right after receive() resolved arrives, a hundred of a hundred',
      shares: true,
      run: (trial) => attachedMeansAttached(trial, kind),
    }),
  ),
  {
    id: 'R1',
    part: 'aborted',
    title: 'an aborted attach leaves nothing attached',
    shares: true,
    async run(trial) {
      const spec = await trial.any(['queue', 'durable', 'live'])
      const { here, there } = await trial.pair(spec)
      for (let round = 0; round < 10; round++) await abortedAttach(here)
      const aborted = here.receive({}, { messages: 10, bytes: 1 << 20 }, AbortSignal.abort())
      await trial.refusal('receive with an aborted signal', aborted, ['canceled'])
      const reader = await trial.listen(there)
      await trial.put(here, numbered(50))
      expect(await trial.flush(here, reader)).toEqual(texts(0, 50))
    },
  },
  {
    id: 'R2',
    part: 'now',
    title: 'start now gives what is sent from the attach on, and nothing before',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(await trial.any(['durable', 'live']))
      await trial.put(here, numbered(5))
      const reader = await trial.listen(there, { source: { start: { at: 'now' } } })
      const byDefault = await trial.listen(there)
      await trial.put(here, numbered(5, { prefix: 'n' }))
      expect(await trial.flush(here, reader)).toEqual(texts(0, 5, 'n'))
      expect(await trial.flush(here, byDefault)).toEqual([...texts(0, 5, 'n'), expect.stringMatching(/^end/)])
    },
  },
  {
    id: 'R2',
    part: 'beginning',
    title:
      'start beginning gives all that is stored, in order, then the live ones; caughtUp comes behind the stored ones',
    shares: true,
    async run(trial) {
      const { here, there } = await startable(trial, 'beginning')
      await trial.put(here, numbered(20))
      const reader = await trial.listen(there, { source: { start: { at: 'beginning' } } })
      await reader.until(20)
      await trial.put(here, numbered(5, { prefix: 'n' }))
      expect(await trial.flush(here, reader)).toEqual([...texts(0, 20), ...texts(0, 5, 'n')])
      if (reader.caughtUpAfter !== undefined) expect(reader.caughtUpAfter).toBeGreaterThanOrEqual(20)
    },
  },
  {
    id: 'R2',
    part: 'time',
    title: 'start at a time gives all that the engine stamped then or later, inclusive to the millisecond',
    shares: true,
    async run(trial) {
      const { here, there } = await startable(trial, 'time')
      const first = await trial.listen(there)
      for (let at = 0; at < 20; at++) await trial.put(here, [{ path: 'a', body: `m${at}` }])
      const all = await first.until(20)
      for (const at of [0, 7, 19]) {
        const timeMs = all[at]?.timeMs
        if (timeMs === undefined) throw new Error('a start by time needs deliveries with timeMs')
        const reader = await trial.listen(there, { source: { start: { at: 'time', timeMs } } })
        const expected = all.flatMap((one, index) => ((one.timeMs ?? 0) >= timeMs ? [`m${index}`] : []))
        await reader.until((now) => expected.every((text) => now.texts.includes(text)))
        expect(doubles(reader.texts)).toEqual([])
      }
    },
  },
  {
    id: 'R2',
    part: 'retention',
    title: 'a start behind retention says how much has expired, and gives the rest',
    needs: ['expire'],
    async run(trial) {
      const spec = trial.spec('durable')
      const channel = await trial.open(spec)
      claimed(channel.can.starts.includes('position'), 'can.starts lacks position')
      const first = await trial.listen(channel)
      await trial.put(channel, numbered(20))
      const position = (await first.until(20))[2]?.position()
      if (position === undefined) throw new Error('a start by position needs deliveries with position()')
      const more = await trial.facility('expire')(spec)
      const reader = await trial.listen(channel, { source: { start: { at: 'position', position } } })
      const came = await trial.flush(channel, reader)
      expect(came).not.toContain('m9')
      expect(new Set(reader.losses.map((loss) => loss.reason))).toEqual(new Set(['expired']))
      if (reader.losses.every((loss) => loss.count !== undefined)) {
        expect(reader.lostCount() + came.length).toBe(17 + more)
      }
    },
  },
  {
    id: 'R3',
    title: 're-attached at position k, exactly k+1 and later arrive, over several paths interleaved',
    shares: true,
    async run(trial) {
      const { here, there } = await startable(trial, 'position')
      const first = await trial.listen(there)
      for (const prefix of ['x', 'y', 'z']) await trial.put(here, numbered(20, { prefix, paths: PATHS }))
      await first.until(60)
      for (const at of [0, 17, 41, 59]) await resumes(trial, { here, there, first, at })
    },
  },
  {
    id: 'R3',
    part: 'filtered',
    title: 're-attached at position k, exactly k+1 and later of the wanted paths arrive',
    shares: true,
    async run(trial) {
      const { here, there } = await startable(trial, 'position')
      const paths = ['a', 'c']
      const first = await trial.listen(there, { source: { paths } })
      await trial.put(here, numbered(60, { paths: PATHS }))
      await first.until(20)
      for (const at of [0, 9, 19]) await resumes(trial, { here, there, first, at, paths })
    },
  },
  {
    id: 'R4',
    part: 'wiped',
    title: 'a position of another log is a conflict',
    needs: ['kill', 'restart'],
    async run(trial) {
      const { spec, start } = await somePosition(trial)
      await trial.kill()
      await trial.restart('wipe')
      await isConflict(trial, await trial.open(spec, await trial.link()), start)
    },
  },
  {
    id: 'R4',
    part: 'recreated',
    title: 'a position of another log is a conflict',
    needs: ['deleteChannel'],
    async run(trial) {
      const { spec, start } = await somePosition(trial)
      await trial.facility('deleteChannel')(spec)
      await isConflict(trial, await trial.open(spec, await trial.link()), start)
    },
  },
  {
    id: 'R5',
    title: 'position() works after the end of the link and still says the same',
    async run(trial) {
      const { there } = await startable(trial, 'position')
      const link = await trial.link()
      const spec = trial.spec('durable')
      const channel = await trial.open(spec, link)
      const first = await trial.listen(channel)
      await trial.put(channel, numbered(10))
      const deliveries = await first.until(10)
      const before = deliveries[4]?.position()
      await trial.close(link)
      const position = deliveries[4]?.position()
      const untouched = deliveries[5]?.position()
      expect(position).toBe(before)
      if (position === undefined || untouched === undefined) throw new Error('position() gave nothing')
      const again = await trial.open(spec)
      const reader = await trial.listen(again, { source: { start: { at: 'position', position } } })
      const next = await trial.listen(again, { source: { start: { at: 'position', position: untouched } } })
      expect(await trial.flush(again, reader)).toEqual(texts(5, 10))
      await next.until(5)
      expect(next.texts.slice(0, 4)).toEqual(texts(6, 10))
      expect(there.can.starts).toContain('position')
    },
  },
  ...(['durable', 'live'] as const).map(
    (kind): Property => ({
      id: 'R6',
      part: kind,
      title: 'paths filter exactly: one token, two with a wildcard, three patterns, a token that needed escaping',
      shares: true,
      run: (trial) => filters(trial, kind),
    }),
  ),
]

async function attachedMeansAttached(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind))
  for (let round = 0; round < 5; round++) {
    const prefix = `${round}-`
    const reader = await trial.listen(there)
    await trial.put(here, numbered(20, { prefix }))
    expect(await trial.flush(here, reader)).toEqual(texts(0, 20, prefix))
    await reader.settled()
    await within('stop', reader.reception.stop(trial.signal()), trial.patienceMs)
  }
}

async function abortedAttach(channel: Channel): Promise<void> {
  const abort = new AbortController()
  const attaching = observe(channel.receive({}, { messages: 10, bytes: 1 << 20 }, abort.signal))
  abort.abort()
  const reception = await attaching.promise.catch(() => undefined)
  // It may have attached before the abort came; then it is an ordinary reception.
  await reception?.stop(AbortSignal.abort())
}

/** A durable topic on both links whose engine claims the start. */
async function startable(trial: Trial, at: Start['at']): Promise<{ here: Channel; there: Channel }> {
  const pair = await trial.pair(trial.spec('durable'))
  claimed(pair.here.can.starts.includes(at), `can.starts lacks ${at}`)
  return pair
}

interface Resume {
  readonly here: Channel
  readonly there: Channel
  readonly first: Reader
  readonly at: number
  readonly paths?: readonly string[]
}

async function resumes(trial: Trial, { here, there, first, at, paths }: Resume): Promise<void> {
  const position = first.deliveries[at]?.position()
  if (position === undefined) throw new Error('a start by position needs deliveries with position()')
  const start: Start = { at: 'position', position }
  const known = first.deliveries.length
  const expected = first.deliveries.slice(at + 1, known)
  const reader = await trial.listen(there, { source: paths ? { start, paths } : { start } })
  await reader.until(expected.length)
  await trial.flush(here, reader, paths ?? PATHS)
  await first.until(known + (paths ?? PATHS).length)
  for (const [path, list] of byPath(first.deliveries.slice(at + 1))) {
    expect(byPath(reader.deliveries).get(path), `after ${at} on ${path}`).toEqual(list)
  }
  expect(reader.deliveries).toHaveLength(first.deliveries.length - at - 1)
}

async function somePosition(trial: Trial) {
  const spec = trial.spec('durable')
  const channel = await trial.open(spec)
  claimed(channel.can.starts.includes('position'), 'can.starts lacks position')
  const reader = await trial.listen(channel)
  await trial.put(channel, numbered(10))
  const position = (await reader.until(10))[4]?.position()
  if (position === undefined) throw new Error('a start by position needs deliveries with position()')
  return { spec, start: { at: 'position', position } as const }
}

/** Also once the new log has grown past the old position. */
async function isConflict(trial: Trial, channel: Channel, start: Start): Promise<void> {
  for (const count of [1, 20]) {
    await trial.put(channel, numbered(count))
    const attaching = channel.receive({ start }, { messages: 10, bytes: 1 << 20 }, trial.signal())
    await trial.refusal('receive at a position of another log', attaching, ['conflict'])
  }
}

async function filters(trial: Trial, kind: Kind): Promise<void> {
  const { here, there } = await trial.pair(trial.spec(kind, { params: 2 }))
  const paths = ['AA.x', 'AAPL.x', 'AAPL.y', 'aapl.x', 'BRK_2eB.x', 'BRK.x', 'MSFT.x', 'MSFT.xy', 'MSFT.y']
  const wanted: readonly { readonly patterns: readonly string[]; readonly fits: readonly string[] }[] = [
    { patterns: ['AAPL.x'], fits: ['AAPL.x'] },
    { patterns: ['MSFT.*'], fits: ['MSFT.x', 'MSFT.xy', 'MSFT.y'] },
    { patterns: ['*.y'], fits: ['AAPL.y', 'MSFT.y'] },
    { patterns: ['*.*'], fits: paths },
    { patterns: ['BRK_2eB.x'], fits: ['BRK_2eB.x'] },
    { patterns: ['AAPL.*', '*.x', 'MSFT.xy'], fits: paths.filter((path) => path !== 'MSFT.y') },
  ]
  const readers = await Promise.all(
    wanted.map(async ({ patterns, fits }) => ({
      fits,
      reader: await trial.listen(there, { source: { paths: patterns } }),
    })),
  )
  await trial.put(
    here,
    paths.map((path) => ({ path, body: path })),
  )
  for (const { fits, reader } of readers) {
    const found = await trial.flush(here, reader, fits)
    // Each on a path of its own: they may come in any order.
    expect(found.filter((text) => !text.startsWith('end-')).sort()).toEqual([...fits].sort())
    expect(reader.deliveries.every((one) => fits.includes(one.path))).toBe(true)
  }
}
