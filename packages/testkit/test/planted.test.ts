import { type Driver, MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { Inapplicable } from '../src/conformance/property.js'
import { conduct, nameOf, properties } from '../src/index.js'
import { memoryRig } from './memory-rig.js'
import { like, plantBatch, plantChannel, plantDelivery, plantLink, plantReception, plantSource } from './plant.js'
import {
  backwards,
  beatsByTimer,
  buffersBeyondDone,
  done,
  error,
  losesTheTail,
  onePositionBehind,
  pairs,
  repeated,
  sumIsLimited,
} from './slips.js'

/** What a driver does wrong, and the properties that say so. */
const bugs: readonly (readonly [bug: string, caughtBy: readonly string[], plant: (driver: Driver) => Driver])[] = [
  [
    'connects without heeding its signal',
    ['C1/hung engine', 'C2'],
    (driver) =>
      like(driver, {
        connect: (endpoints, options) => driver.connect(endpoints, options, new AbortController().signal),
      }),
  ],
  [
    'connects without credentials when there are none to be had',
    ['C3/unobtainable'],
    (driver) =>
      like(driver, {
        connect: (endpoints, options, signal) => {
          const credentials = () => options.credentials(signal).catch(() => ({ by: 'none' }) as const)
          return driver.connect(endpoints, { ...options, credentials }, signal)
        },
      }),
  ],
  [
    'reports done before the engine has it',
    ['S7'],
    plantChannel((channel) => ({
      send(batch, report) {
        for (const index of batch.keys()) report(index, done)
        return channel.send(batch, () => {})
      },
    })),
  ],
  [
    'reports refused what it has sent',
    ['S5/kill', 'S5/stop'],
    plantChannel((channel) => ({
      send(batch, report) {
        return channel.send(batch, (index, outcome) =>
          report(index, index % 7 === 0 ? { outcome: 'refused', error } : outcome),
        )
      },
    })),
  ],
  [
    'reports what it gave up as refused instead of unknown',
    ['S7', 'P3/cancelled'],
    plantChannel((channel) => ({
      send: (batch, report) =>
        channel.send(batch, (index, one) =>
          report(index, one.outcome === 'unknown' ? { outcome: 'refused', error: one.error } : one),
        ),
    })),
  ],
  [
    'reports twice',
    ['S1/durable', 'S1/live', 'S1/queue'],
    plantChannel((channel) => ({
      send: (batch, report) =>
        channel.send(batch, (index, outcome) => {
          report(index, outcome)
          if (index === 3) report(index, outcome)
        }),
    })),
  ],
  [
    'reports after the link has ended',
    ['E2', 'E3/kill'],
    plantChannel((channel) => ({
      send: (batch, report) =>
        channel.send(batch, (index, one) => {
          if (one.outcome === 'unknown') setTimeout(() => report(index, one), 5)
          else report(index, one)
        }),
    })),
  ],
  [
    'makes a new error for every message of one incident',
    ['E2'],
    plantChannel((channel) => ({
      send: (batch, report) =>
        channel.send(batch, (index, one) =>
          report(index, one.outcome === 'unknown' ? { ...one, error: new MessagingError('unavailable', 'gone') } : one),
        ),
    })),
  ],
  [
    'cancel does not report',
    ['S7', 'S8/stopped engine'],
    plantChannel((channel) => ({
      send(batch, report) {
        channel.send(batch, report)
        return () => {}
      },
    })),
  ],
  [
    'an oversized member fails its whole batch',
    ['S2/durable', 'S2/queue'],
    plantChannel((channel) => ({
      send(batch, report) {
        if (batch.every((one) => one.body.length <= channel.can.maxBytes)) return channel.send(batch, report)
        const tooLarge = new MessagingError('too-large', 'the batch has an oversized member')
        for (const index of batch.keys()) report(index, { outcome: 'refused', error: tooLarge })
        return () => {}
      },
    })),
  ],
  ['holds a batch against the limit of one message', ['S3/durable', 'S3/live'], plantChannel(sumIsLimited)],
  ['sends the members of a batch backwards', ['S9/durable', 'S9/queue'], plantChannel(backwards)],
  ['drops message ids', ['S10/durable'], plantDelivery(() => () => ({ id: undefined }))],
  [
    'keeps headers in a map',
    ['S11/durable', 'S11/queue'],
    plantDelivery(() => (one) => ({ headers: () => [...new Map(pairs(one.headers()))].flat() })),
  ],
  [
    'attaches after receive() has resolved',
    ['R1/durable', 'R1/live'],
    plantChannel((channel) => ({
      async receive(...args) {
        const attaching = new Promise<void>((resolve) => setTimeout(resolve, 5)).then(() => channel.receive(...args))
        const next = async () => (await attaching).next()
        const stop = async (signal: AbortSignal) => (await attaching).stop(signal)
        return { next, stop, adjust: () => {} }
      },
    })),
  ],
  [
    'starts now where the beginning was asked for',
    ['R2/beginning'],
    plantSource((source) => (source.start?.at === 'beginning' ? { ...source, start: { at: 'now' } } : source)),
  ],
  [
    'takes a time as exclusive',
    ['R2/time'],
    plantSource(({ start, ...source }) => ({
      ...source,
      start: start?.at === 'time' ? { at: 'time', timeMs: start.timeMs + 1 } : (start ?? { at: 'now' }),
    })),
  ],
  ['gives positions that are one behind', ['R3', 'R3/filtered', 'R5'], plantDelivery(onePositionBehind)],
  [
    'begins at the beginning when a position belongs to another log',
    ['R4/wiped'],
    plantChannel((channel) => ({
      receive: (source, ...rest) =>
        channel.receive(source, ...rest).catch((reason: unknown) => {
          if (source.start?.at !== 'position') throw reason
          return channel.receive({ ...source, start: { at: 'beginning' } }, ...rest)
        }),
    })),
  ],
  ['does not filter by path', ['R6/durable', 'R6/live'], plantSource(({ paths: _, ...source }) => source)],
  [
    'fetches ten times what flow allows',
    ['R7/queue', 'R8/live', 'Q6'],
    plantChannel((channel) => ({
      receive: (source, flow, signal) => channel.receive(source, { ...flow, messages: flow.messages * 10 }, signal),
    })),
  ],
  [
    'does not say what it dropped',
    ['R8/live'],
    plantBatch(
      () =>
        ({ lost: _, ...batch }) =>
          batch,
    ),
  ],
  [
    'gives no beats',
    ['R10/durable', 'R10/queue'],
    plantBatch(() => (batch) => (batch.deliveries.length === 0 ? 'skip' : batch)),
  ],
  ['beats by a timer of its own', ['R10/durable, hung', 'R10/queue, hung'], plantReception(beatsByTimer)],
  ['loses what nobody pulled at stop', ['R12/queue', 'R12/group'], plantReception(losesTheTail)],
  ['gives the newest of each path twice', ['R13/idle'], plantBatch(() => (batch) => repeated(batch))],
  ['does not adjust', ['R14/adjust, queue'], plantReception(() => ({ adjust: () => {} }))],
  [
    'settles what is no longer ours',
    ['Q2/twice', 'Q2/after the end', 'Q5/lease', 'Q5/end'],
    plantDelivery(() => (one) => ({ settle: (how) => one.settle(how).catch(() => {}) })),
  ],
  ['says held for ever', ['Q5/lease', 'Q5/end'], plantDelivery(() => () => ({ held: true }))],
  [
    'retries at once whatever was asked for',
    ['Q3'],
    plantDelivery(() => (one) => ({
      settle: (how) => one.settle(typeof how === 'object' && 'retryMs' in how ? { retryMs: 0 } : how),
    })),
  ],
  ['extends nothing', ['Q4/extend'], plantDelivery(() => () => ({ extend: async () => {} }))],
  ['always counts one', ['Q9'], plantDelivery(() => () => ({ attempt: 1 }))],
  ['answers probes by itself', ['H1'], plantLink(() => ({ probe: async () => {} }))],
  [
    'leaves a message when the channel is probed',
    ['H2/no trace'],
    plantChannel((channel) => ({
      async probe(signal) {
        await channel.probe(signal)
        channel.send([{ path: 'a', body: 'knock' }], () => {})
      },
    })),
  ],
  [
    'says that we ended what the engine ended',
    ['E1/SIGKILL'],
    plantLink((link) => ({ ended: link.ended.then(() => ({ by: 'us' }) as const) })),
  ],
  ['drops at close what it reported done', ['E4'], buffersBeyondDone()],
]

describe('a planted bug', () => {
  for (const [bug, caughtBy, plant] of bugs) {
    it.concurrent.each(caughtBy)(`${bug}: caught by %s`, async (name) => {
      const property = properties.find((one) => nameOf(one) === name)
      if (property === undefined) throw new Error(`there is no property ${name}`)
      await conduct(property, memoryRig())
      const verdict = await conduct(property, memoryRig(plant)).catch((reason: unknown) => reason)
      expect(verdict).toBeInstanceOf(Error)
      expect(verdict).not.toBeInstanceOf(Inapplicable)
    })
  }
})
