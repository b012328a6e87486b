import type { Channel, Delivery } from '@spanwire/driver'
import { expect } from 'vitest'
import { doubles, numbered, strangers, textOf, texts } from './messages.js'
import { claimed, type Property } from './property.js'
import { Reader } from './reader.js'
import type { Trial } from './trial.js'
import { elapse, eventually, turn, within } from './wait.js'

const keep = { each: () => undefined }

/** Q: deliveries that are ours until settled. */
export const settledProperties: readonly Property[] = [
  {
    id: 'Q1',
    title: 'what was settled is not redelivered after SIGKILL and restart of the engine, what was not is',
    needs: ['kill', 'restart'],
    async run(trial) {
      // Where leases outlive the engine's process, what was not settled comes when they are over.
      const spec = trial.spec('queue', { leaseMs: 2_000 })
      const channel = await trial.open(spec)
      const reader = await trial.listen(channel, keep)
      await trial.put(channel, strangers(10))
      const deliveries = await reader.until(10)
      await Promise.all(deliveries.slice(0, 5).map((one) => one.settle('ack')))
      await elapse(trial.rig.settleLagMs ?? 0)
      await trial.kill()
      await trial.restart()
      const again = await trial.open(spec, await trial.link())
      const second = await trial.listen(again)
      if (trial.rig.unsettledAtKill === 'lost') {
        // Such an engine may keep back as many of these as had been asked for before.
        await trial.put(again, strangers(30, 'n'))
        await second.until(20)
        expect(texts(0, 5).filter((text) => second.texts.includes(text))).toEqual([])
        return
      }
      await second.until(5, trial.patienceMs + 2_000)
      // Each on a path of its own: they may have come in any order.
      expect([...(await trial.flush(again, second))].sort()).toEqual(reader.texts.slice(5).sort())
    },
  },
  {
    id: 'Q2',
    part: 'twice',
    title: 'the second settle rejects with conflict and without effect',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('queue'))
      const reader = await trial.listen(there, keep)
      await trial.put(here, numbered(1))
      const delivery = await only(reader)
      await delivery.settle('ack')
      const again = here.can.retries ? ({ retryMs: 0 } as const) : 'ack'
      await trial.refusal('the second settle', delivery.settle(again), ['conflict'])
      expect(delivery.held).toBe(false)
      await trial.put(here, numbered(1, { prefix: 'n' }))
      await reader.untilText('n0')
      expect(reader.texts).toEqual(['m0', 'n0'])
    },
  },
  {
    id: 'Q2',
    part: 'after the end',
    title: 'a settle after the end of the link rejects without effect, and the unsettled comes to another consumer',
    async run(trial) {
      const spec = trial.spec('queue')
      const link = await trial.link()
      const channel = await trial.open(spec, link)
      const reader = await trial.listen(channel, keep)
      await trial.put(channel, strangers(2))
      const [first, second] = await reader.until(2)
      await link.close(AbortSignal.abort())
      await link.ended
      for (const delivery of [first, second]) {
        if (delivery === undefined) throw new Error('two deliveries were awaited')
        await trial.refusal('settle after the end', delivery.settle('ack'), ['conflict', 'outcome-unknown'])
      }
      const another = await trial.listen(await trial.open(spec, await trial.link()))
      await another.until(2)
      expect([...another.texts].sort()).toEqual(texts(0, 2))
    },
  },
  {
    id: 'Q3',
    title: 'a retry in a second comes back in a second, and its attempt is one more',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('queue'))
      claimed(here.can.retries, 'can.retries is false')
      const reader = await trial.listen(there, keep)
      await trial.put(here, numbered(1))
      const first = await only(reader)
      const since = performance.now()
      await first.settle({ retryMs: 1_000 })
      expect(first.held).toBe(false)
      const [, second] = await reader.until(2, trial.patienceMs + 1_000)
      expect(performance.now() - since).toBeGreaterThanOrEqual(900)
      expect(reader.texts).toEqual(['m0', 'm0'])
      if (here.can.counts) expect(second?.attempt).toBe(first.attempt + 1)
      await second?.settle('ack')
    },
  },
  {
    id: 'Q3',
    part: 'at once',
    title: 'a retry without delay comes back at once, others meanwhile',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('queue'))
      claimed(here.can.retries, 'can.retries is false')
      let tries = 0
      const each = (one: Delivery) => {
        const again = textOf(one) === 'm0' && ++tries < 4
        return one.settle(again ? { retryMs: 0 } : 'ack')
      }
      const reader = await trial.listen(there, { each })
      await trial.put(here, numbered(3))
      await reader.until(6)
      await reader.settled()
      expect([...reader.texts].sort()).toEqual(['m0', 'm0', 'm0', 'm0', 'm1', 'm2'])
    },
  },
  {
    id: 'Q5',
    part: 'end',
    title: 'held is false after the end of the link, and then settle never succeeds',
    async run(trial) {
      const link = await trial.link()
      const channel = await trial.open(trial.spec('queue'), link)
      const reader = await trial.listen(channel, keep)
      await trial.put(channel, numbered(1))
      const delivery = await only(reader)
      expect(delivery.held).toBe(true)
      await link.close(AbortSignal.abort())
      await link.ended
      expect(delivery.held).toBe(false)
      await trial.refusal('settle after the end', delivery.settle('ack'), ['conflict', 'outcome-unknown'])
    },
  },
  {
    id: 'Q6',
    title:
      'never more than flow.messages are unsettled, the rest goes to others, and a slot is free at the call of settle',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('queue'))
      const few = new Reader(
        await trial.receive(there, {}, { messages: 3, bytes: 1 << 20 }),
        trial.patienceMs,
        keep.each,
      )
      await trial.put(here, strangers(10))
      const held = await few.until(3)
      if (trial.rig.divides !== 'partitions') {
        const others = await trial.listen(here)
        await others.until(7)
        await others.settled()
        await within('stop', others.reception.stop(trial.signal()), trial.patienceMs)
      }
      await trial.put(here, strangers(2, 'n'))
      await turn()
      expect(few.deliveries).toHaveLength(3)
      const settling = held[0]?.settle('ack')
      await few.until(4)
      await settling
      expect(few.deliveries).toHaveLength(4)
      await Promise.all(few.deliveries.slice(1).map((one) => one.settle('ack')))
      await few.until(5)
      await few.deliveries[4]?.settle('ack')
    },
  },
  {
    id: 'Q7',
    title: 'one unsettled message does not stop a thousand others from being delivered and acked',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('queue'))
      const each = (one: Delivery) => (textOf(one) === 'm0' ? undefined : one.settle('ack'))
      const reader = await trial.listen(there, { each, flow: { messages: 50, bytes: 1 << 20 } })
      await trial.put(here, strangers(1_001))
      await reader.until(1_001)
      await reader.settled()
      const first = reader.deliveries[reader.texts.indexOf('m0')]
      expect(first?.held).toBe(true)
      await first?.settle('ack')
    },
  },
  {
    id: 'Q8',
    title: 'consumers join and leave under load: all is settled, and no more is redelivered than was unsettled then',
    run: membersComeAndGo,
  },
  {
    id: 'Q9',
    title: 'attempt is never below the runs of handlers, across consumers that are killed',
    async run(trial) {
      const spec = trial.spec('queue')
      const sender = await trial.open(spec)
      claimed(sender.can.counts, 'can.counts is false')
      await trial.put(sender, numbered(1))
      for (let run = 1; run <= 4; run++) {
        const link = await trial.link()
        const reader = await trial.listen(await trial.open(spec, link), keep)
        const delivery = await only(reader)
        expect(delivery.attempt).toBeGreaterThanOrEqual(run)
        if (run === 4) await delivery.settle('ack')
        await link.close(AbortSignal.abort())
      }
    },
  },
]

async function only(reader: Reader): Promise<Delivery> {
  const [delivery] = await reader.until(1)
  if (delivery === undefined) throw new Error('one delivery was awaited')
  return delivery
}

async function membersComeAndGo(trial: Trial): Promise<void> {
  const spec = trial.spec('queue')
  const sender = await trial.open(spec)
  const runs: string[] = []
  let atRisk = 0
  const join = async () => {
    const link = await trial.link()
    const unsettled = new Set<Delivery>()
    const each = (one: Delivery) => {
      runs.push(textOf(one))
      unsettled.add(one)
      return one.settle('ack').then(() => void unsettled.delete(one))
    }
    const channel: Channel = await trial.open(spec, link)
    const reader = await trial.listen(channel, { each, flow: { messages: 20, bytes: 1 << 20 } })
    return async () => {
      atRisk += unsettled.size
      await reader.reception.stop(AbortSignal.abort())
      await link.close(AbortSignal.abort())
    }
  }
  await join()
  for (let round = 0; round < 5; round++) {
    const leave = await join()
    const sending = trial.send(sender, numbered(100, { prefix: `${round}-` }))
    await turn()
    await leave()
    await trial.reports(sending)
  }
  const all = [0, 1, 2, 3, 4].flatMap((round) => texts(0, 100, `${round}-`))
  await eventually('all 500 handled', () => Promise.resolve(all.every((text) => runs.includes(text))), trial.patienceMs)
  expect(doubles(runs).length).toBeLessThanOrEqual(atRisk)
}
