import type { Channel } from '@spanwire/driver'
import { expect } from 'vitest'
import { doubles, numbered, texts } from './messages.js'
import { claimed, type Property } from './property.js'
import { type Sending, those } from './sending.js'
import { PROMPT_MS, type Trial } from './trial.js'
import { elapse, turn } from './wait.js'

/** S: what sending promises while the engine is ill, or the sender gives up. */
export const sendFaultProperties: readonly Property[] = [
  {
    id: 'S5',
    part: 'kill',
    title: 'nothing reported refused or unsent is ever received',
    needs: ['kill', 'restart'],
    run: (trial) =>
      nothingRefusedArrives(
        trial,
        () => trial.kill(),
        () => trial.restart(),
      ),
  },
  {
    id: 'S5',
    part: 'stop',
    title: 'nothing reported refused or unsent is ever received',
    needs: ['hang', 'heal'],
    run: (trial) =>
      nothingRefusedArrives(
        trial,
        () => trial.hang(),
        () => trial.heal(),
      ),
  },
  {
    id: 'S5',
    part: 'cut',
    title: 'nothing reported refused or unsent is ever received',
    needs: ['cut'],
    run: (trial) => nothingRefusedArrives(trial, trial.facility('cut'), () => Promise.resolve()),
  },
  {
    id: 'S6',
    title: 'what was reported stored survives SIGKILL of the engine right after the report',
    needs: ['kill', 'restart'],
    async run(trial) {
      const spec = await trial.storing()
      const channel = await trial.open(spec)
      claimed(channel.can.confirms === 'stored', `can.confirms is '${channel.can.confirms}'`)
      const sending = trial.send(channel, numbered(100))
      await trial.reports(sending)
      await trial.kill()
      expect(those(sending.outcomes, 'done')).toHaveLength(100)
      await trial.restart()
      expect(await trial.stored(spec)).toEqual(texts(0, 100))
    },
  },
  {
    id: 'S7',
    title: 'sends to a stopped engine stay open until cancelled, then are unknown; what is found later was not unsent',
    needs: ['hang', 'heal'],
    async run(trial) {
      const spec = await trial.storing()
      const channel = await trial.open(spec)
      claimed(channel.can.confirms !== 'written', "can.confirms is 'written'")
      await trial.hang()
      const sending = trial.send(channel, numbered(10))
      await elapse(200)
      expect(sending.reported()).toBe(0)
      sending.cancel()
      expect(those(sending.outcomes, 'unknown', 'unsent')).toHaveLength(10)
      await trial.heal()
      const unknown = those(sending.outcomes, 'unknown').map((index) => `m${index}`)
      const found = await trial.stored(spec)
      expect(found.filter((text) => !unknown.includes(text))).toEqual([])
      expect(doubles(found)).toEqual([])
    },
  },
  {
    id: 'S8',
    part: 'at once',
    title: 'cancel reports before it returns and never again, one message or all',
    shares: true,
    async run(trial) {
      const channel = await trial.open(await trial.any())
      const sending = trial.send(channel, numbered(100))
      sending.cancel(7)
      expect(sending.outcomes[7]).toBeDefined()
      sending.cancel()
      expect(sending.reported()).toBe(100)
      sending.cancel()
      sending.cancel(7)
      // What the engine answers to the cancelled ones comes before this is done.
      await trial.put(channel, numbered(10))
      expect(sending.faults).toEqual([])
    },
  },
  {
    id: 'S8',
    part: 'stopped engine',
    title: 'ten thousand cancelled sends leave no pending state, and are not reported again when the engine answers',
    needs: ['hang', 'heal', 'resources'],
    async run(trial) {
      const channel = await trial.open(await trial.any())
      await trial.put(channel, numbered(10))
      const before = await trial.facility('resources')()
      await trial.hang()
      const sending = trial.send(channel, numbered(10_000))
      sending.cancel()
      expect(sending.reported()).toBe(10_000)
      await trial.heal()
      await trial.put(channel, numbered(10))
      await trial.resourcesReturnTo(before)
      expect(sending.faults).toEqual([])
    },
  },
]

/** Three rounds of sends, before, during and after the fault, some of them such that the driver has to refuse them. */
async function nothingRefusedArrives(
  trial: Trial,
  fault: () => Promise<void>,
  mend: () => Promise<void>,
): Promise<void> {
  const spec = await trial.storing()
  const channel = await trial.open(spec)
  const before = sendMixed(trial, channel, 'before-')
  await trial.reports(before)
  const during = sendMixed(trial, channel, 'during-')
  await fault()
  const after = sendMixed(trial, channel, 'after-')
  await elapse(100)
  for (const sending of [during, after]) {
    sending.cancel()
    await trial.reports(sending, PROMPT_MS)
  }
  await mend()
  await turn()
  const found = new Set(await trial.stored(spec))
  for (const [prefix, sending] of Object.entries({ before, during, after })) {
    const denied = those(sending.outcomes, 'refused', 'unsent').map((index) => `${prefix}-${index}`)
    expect(denied.filter((text) => found.has(text))).toEqual([])
    if (prefix === 'before') expect(denied).toHaveLength(20)
  }
}

/** 200 messages of which every tenth has a path that must be refused. */
function sendMixed(trial: Trial, channel: Channel, prefix: string): Sending {
  const batch = numbered(200, { prefix }).map((one, at) => (at % 10 === 9 ? { ...one, path: 'not a path' } : one))
  return trial.send(channel, batch)
}
