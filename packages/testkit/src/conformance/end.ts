import type { Channel, Delivery, Link, LinkEnd } from '@spanwire/driver'
import { MessagingError } from '@spanwire/driver'
import { expect } from 'vitest'
import type { Facility } from './harness.js'
import { filler, numbered, texts } from './messages.js'
import type { Property } from './property.js'
import { those } from './sending.js'
import { PROMPT_MS, type Trial } from './trial.js'
import { elapse, type Observed, observe, turn, within } from './wait.js'

/** E: how a link ends. */
export const endProperties: readonly Property[] = [
  endsBy('SIGKILL', ['kill', 'restart'], (trial) => trial.kill()),
  endsBy('SIGTERM', ['terminate', 'restart'], (trial) => trial.terminate()),
  endsBy('expired credentials', ['expireCredentials'], (trial) => trial.facility('expireCredentials')()),
  endsBy('garbage', ['garble'], (trial) => trial.facility('garble')()),
  endsBy('cut', ['cut'], (trial) => trial.facility('cut')()),
  {
    id: 'E1',
    part: 'close',
    title: 'ended settles once and says what ended the link',
    async run(trial) {
      const link = await trial.link()
      await trial.close(link)
      expect(await within('ended', link.ended, trial.patienceMs)).toEqual({ by: 'us' })
      await trial.close(link)
      await link.close(AbortSignal.abort())
      expect(await link.ended).toEqual({ by: 'us' })
    },
  },
  {
    id: 'E2',
    title: 'a thousand sends in flight: a thousand reports before ended, with one error object',
    needs: ['kill', 'restart'],
    async run(trial) {
      const link = await trial.link()
      const channel = await trial.open(await trial.any(), link)
      if (trial.rig.hang !== undefined) await trial.hang()
      const sending = trial.send(channel, numbered(1_000))
      let atTheEnd = -1
      const ended = link.ended.then(() => {
        atTheEnd = sending.reported()
      })
      await trial.kill()
      await within('ended', ended, trial.patienceMs)
      expect(atTheEnd).toBe(1_000)
      const errors = new Set(sending.outcomes.map((one) => (one && 'error' in one ? one.error : undefined)))
      errors.delete(undefined)
      expect(errors.size).toBeLessThanOrEqual(1)
      expect(those(sending.outcomes, 'refused')).toEqual([])
    },
  },
  {
    id: 'E3',
    part: 'kill',
    title: 'what is pending at the end settles before ended, nothing is called back after, later calls answer at once',
    needs: ['hang', 'kill', 'restart'],
    async run(trial) {
      const link = await trial.link()
      const pending = await somePending(trial, link, () => trial.hang())
      await endsInOrder(trial, link, pending, () => trial.kill())
    },
  },
  {
    id: 'E3',
    part: 'close',
    title: 'what is pending at the end settles before ended, nothing is called back after, later calls answer at once',
    async run(trial) {
      const link = await trial.link()
      const pending = await somePending(trial, link, () => Promise.resolve())
      await endsInOrder(trial, link, pending, () => link.close(AbortSignal.abort()))
    },
  },
  {
    id: 'E4',
    title: 'what was done before close() is at the engine after it, a thousand live messages',
    async run(trial) {
      const spec = await trial.any(['live', 'durable', 'queue'])
      const reader = await trial.listen(await trial.open(spec))
      const link = await trial.link()
      const channel = await trial.open(spec, link)
      await trial.put(channel, numbered(1_000))
      await link.close(trial.signal())
      await reader.until(1_000)
      expect(reader.texts).toEqual(texts(0, 1_000))
    },
  },
  {
    id: 'E5',
    part: 'stopped engine',
    title: 'close() towards a stopped engine with full buffers obeys its signal',
    needs: ['hang', 'heal'],
    async run(trial) {
      const link = await trial.link()
      const channel = await trial.open(await trial.any(), link)
      await trial.hang()
      const body = filler(Math.min(64 << 10, Math.floor(channel.can.maxBytes / 2)))
      const sending = trial.send(
        channel,
        [...Array(256)].map(() => ({ path: 'a', body })),
      )
      const abort = new AbortController()
      const closing = observe(link.close(abort.signal))
      await elapse(100)
      abort.abort()
      await within('close after its abort', closing.promise, PROMPT_MS)
      await trial.reports(sending, PROMPT_MS)
      expect((await within('ended', link.ended, PROMPT_MS)).by).toBe('us')
    },
  },
  {
    id: 'E5',
    part: 'leaves nothing',
    title: 'after close() no socket, timer, listener or unnamed thing at the engine remains',
    needs: ['resources'],
    async run(trial) {
      const durable = await trial.any()
      const live = await trial.any(['live', 'queue', 'durable'])
      const before = await trial.facility('resources')()
      for (const signal of [trial.signal(), AbortSignal.abort()]) {
        const link = await trial.link()
        const channels = [await trial.open(durable, link), await trial.open(live, link)]
        for (const channel of channels) await trial.listen(channel, { each: () => undefined })
        for (const channel of channels) trial.send(channel, numbered(100))
        await within('close', link.close(signal), trial.patienceMs)
      }
      // The links of this trial's preparation are still open, and were before.
      await trial.resourcesReturnTo(before)
    },
  },
]

function endsBy(part: string, needs: readonly Facility[], end: (trial: Trial) => Promise<void>): Property {
  return {
    id: 'E1',
    part,
    title: 'ended settles once and says what ended the link',
    needs,
    async run(trial) {
      const link = await trial.link()
      let ends = 0
      void link.ended.then(() => ends++)
      await end(trial)
      const last: LinkEnd = await within('ended', link.ended, trial.patienceMs)
      if (last.by !== 'engine') throw new Error('the engine ended the link, not we')
      expect(MessagingError.is(last.error)).toBe(true)
      expect(last.error.scope).toBe('link')
      await trial.close(link)
      expect(await link.ended).toBe(last)
      expect(ends).toBe(1)
    },
  }
}

interface Pending {
  readonly channel: Channel
  readonly calls: readonly (readonly [string, Observed<unknown>])[]
  readonly log: string[]
  readonly reports: () => number
  readonly sent: number
  readonly delivery: Delivery | undefined
}

/** One of each call that can be pending, begun when the engine no longer answers. */
async function somePending(trial: Trial, link: Link, hang: () => Promise<void>): Promise<Pending> {
  const spec = await trial.any(['queue', 'durable', 'live'])
  const channel = await trial.open(spec, link)
  const taker = await trial.listen(channel, { each: () => undefined })
  await trial.put(channel, numbered(1))
  const [delivery] = await taker.until(1)
  // Only now: of two that compete the message might go to this one, which is not pulled.
  const reception = await trial.receive(channel, {}, { messages: 1, bytes: 1 })
  await hang()
  const log: string[] = []
  const begin = (name: string, promise: Promise<unknown>) =>
    [name, observe(promise, () => void log.push(name))] as const
  const calls = [
    begin('open', link.open(trial.spec('live'), trial.signal())),
    begin('probe', link.probe(trial.signal())),
    begin('channel probe', channel.probe(trial.signal())),
    begin('receive', channel.receive({}, { messages: 1, bytes: 1 }, trial.signal())),
    begin('next', reception.next()),
    begin('stop', taker.reception.stop(trial.signal())),
    ...(delivery && spec.kind === 'queue' ? [begin('settle', delivery.settle('ack'))] : []),
  ]
  const sending = trial.send(channel, numbered(10, { prefix: 'n' }))
  return { channel, calls, log, reports: sending.reported, sent: 10, delivery }
}

async function endsInOrder(trial: Trial, link: Link, pending: Pending, end: () => Promise<void>): Promise<void> {
  const { channel, calls, log } = pending
  let reported = -1
  const ended = link.ended.then(() => {
    reported = pending.reports()
  })
  const ending = end()
  await within('ended', ended, trial.patienceMs)
  expect(reported).toBe(pending.sent)
  // A promise passed through a few async functions needs a few microtasks more than the driver took.
  await turn()
  const open = calls.flatMap(([name, call]) => (call.seen().at === 'pending' ? [name] : []))
  expect(open).toEqual([])
  const before = log.length
  await within('the ending itself', ending, trial.patienceMs)
  await elapse(50)
  expect(log).toHaveLength(before)
  expect(pending.delivery?.held ?? false).toBe(false)
  await trial.refusal('open', link.open(trial.spec('live'), trial.signal()), ['closed', 'unavailable'], PROMPT_MS)
  await trial.refusal('probe', link.probe(trial.signal()), ['closed', 'unavailable'], PROMPT_MS)
  const late = trial.send(channel, numbered(3))
  await trial.reports(late, PROMPT_MS)
  if (those(late.outcomes, 'unsent').length !== 3) throw new Error('sends after the end are unsent')
}
