import type { Capabilities, Channel, ChannelSpec, Delivery, Link, Start } from '@spanwire/driver'
import { expect } from 'vitest'
import { numbered, textOf } from './messages.js'
import { claimed, Inapplicable, type Property } from './property.js'
import { those } from './sending.js'
import { type Kind, kindOf } from './spec.js'
import type { Trial } from './trial.js'
import { elapse, eventually } from './wait.js'

const BAD_TOKENS = ['\t', 'a\tb', 'a\rb', 'a\nb', '*', '>', ' ', 'a b', 'x'.repeat(300), 'ü']
const STARTS: readonly Start[] = [{ at: 'now' }, { at: 'beginning' }, { at: 'latest' }, { at: 'time', timeMs: 1 }]

/** O: what opening a channel promises. */
export const openProperties: readonly Property[] = [
  {
    id: 'O1',
    part: 'create',
    title: 'a missing channel is created; opened twice and concurrently from two links it is one',
    shares: true,
    async run(trial) {
      const spec = await trial.any()
      const fresh = { ...spec, name: `${spec.name}-fresh` }
      const links = [await trial.main(), await trial.other()]
      const opened = await Promise.all([...links, ...links].map((link) => trial.open(fresh, link)))
      const [sender, , , receiver] = opened
      if (sender === undefined || receiver === undefined) throw new Error('four channels were opened')
      const reader = await trial.listen(receiver)
      await trial.put(sender, numbered(10))
      expect(await trial.flush(sender, reader)).toEqual(numbered(10).map((one) => one.body))
    },
  },
  {
    id: 'O1',
    part: 'refuse',
    title: "a missing channel is not-found under 'refuse', again at the second try, and opens once it was made",
    needs: ['makesChannels'],
    async run(trial) {
      const spec = await trial.any()
      const fresh = { ...spec, name: `${spec.name}-missing` }
      const refusing = await trial.link({ missing: 'refuse' })
      for (const attempt of ['first', 'second']) {
        await trial.refusal(`the ${attempt} open`, refusing.open(fresh, trial.signal()), ['not-found'])
      }
      await trial.open(fresh)
      await trial.open(fresh, refusing)
    },
  },
  {
    id: 'O1',
    part: 'conflict',
    title: 'another spec is a conflict, and the engine stays as it was',
    needs: ['makesChannels'],
    async run(trial) {
      const spec = await trial.any()
      const { here, there } = await trial.pair(spec)
      const reader = await trial.listen(there)
      const others = await possibleOthers(trial, spec)
      for (const other of others) {
        await trial.refusal('open', (await trial.link()).open(other, trial.signal()), ['conflict'])
      }
      await trial.open(spec, await trial.link())
      await trial.put(here, numbered(3))
      expect(await trial.flush(here, reader)).toHaveLength(3)
    },
  },
  {
    id: 'O2',
    title: 'a setting that the engine silently drops is refused with capability',
    needs: ['droppedSetting'],
    async run(trial) {
      const { name } = trial.spec('durable')
      const { spec, endpoints } = trial.facility('droppedSetting')(name)
      const link = await trial.link({}, endpoints)
      const error = await trial.refusal('open', link.open(spec, trial.signal()), ['capability'])
      expect(error.retryable).toBe(false)
      // Nothing else speaks against it: an engine that keeps the setting takes it.
      if (endpoints !== undefined) await trial.open(spec)
    },
  },
  {
    id: 'O3',
    part: 'names',
    title:
      'names with control characters, wildcards, blanks or 300 characters are invalid, and the engine stays healthy',
    shares: true,
    async run(trial) {
      const spec = await trial.any()
      const link = await trial.main()
      for (const name of [...BAD_TOKENS, '', '..', 'a..b', '.a', 'a.', 'A', 'a_b']) {
        await trial.refusal(`open ${JSON.stringify(name)}`, link.open({ ...spec, name }, trial.signal()), ['invalid'])
      }
      await works(trial, spec, link)
    },
  },
  {
    id: 'O3',
    part: 'paths',
    title: 'bad paths and patterns are invalid one by one, nothing of them is sent, and the engine stays healthy',
    shares: true,
    async run(trial) {
      const spec = await trial.any()
      const { here, there } = await trial.pair(spec)
      const reader = await trial.listen(there)
      const bad = [...BAD_TOKENS, '', '..', 'a.b', 'a.', '.']
      const batch = [...numbered(1), ...bad.map((path) => ({ path, body: 'bad' })), ...numbered(1, { prefix: 'n' })]
      const sending = trial.send(here, batch)
      await trial.reports(sending)
      expect(those(sending.outcomes, 'done')).toEqual([0, batch.length - 1])
      for (const one of sending.outcomes) if (one && 'error' in one) expect(one.error.code).toBe('invalid')
      expect(await trial.flush(here, reader)).toEqual(['m0', 'n0'])
      if (spec.kind === 'topic') await refusesPatterns(trial, there)
    },
  },
  {
    id: 'O4',
    part: 'starts',
    title: 'every start claimed attaches, every one denied is refused with capability',
    shares: true,
    run: (trial) =>
      forEachTopic(trial, async (channel) => {
        for (const start of STARTS) {
          const attaching = channel.receive({ start }, { messages: 10, bytes: 1 << 20 }, trial.signal())
          if (channel.can.starts.includes(start.at)) await (await attaching).stop(AbortSignal.abort())
          else await trial.refusal(`receive from ${start.at}`, attaching, ['capability'])
        }
      }),
  },
  {
    id: 'O4',
    part: 'groups',
    title: 'a group that is claimed attaches, one denied is refused with capability',
    shares: true,
    run: (trial) =>
      forEachTopic(trial, async (channel) => {
        const attaching = channel.receive({ group: 'g' }, { messages: 10, bytes: 1 << 20 }, trial.signal())
        if (channel.can.groups) await (await attaching).stop(AbortSignal.abort())
        else await trial.refusal('receive in a group', attaching, ['capability'])
      }),
  },
  {
    id: 'O4',
    part: 'settling',
    title: 'retries and extends that are denied are refused with capability, and the delivery stays ours',
    shares: true,
    async run(trial) {
      const spec = trial.spec('queue')
      const { here, there } = await trial.pair(spec)
      claimed(!here.can.retries || !here.can.extends, 'retries and extends are both claimed: Q3 and Q4 exercise them')
      const reader = await trial.listen(there, { each: () => undefined })
      await trial.put(here, numbered(1))
      const [delivery] = await reader.until(1)
      if (delivery === undefined) throw new Error('one delivery was awaited')
      if (!here.can.retries) await trial.refusal('retry', delivery.settle({ retryMs: 10 }), ['capability'])
      if (!here.can.extends) await trial.refusal('extend', delivery.extend(), ['capability'])
      expect(delivery.held).toBe(true)
      await delivery.settle('ack')
    },
  },
  {
    id: 'O4',
    part: 'delay',
    title: 'a delayed send within maxDelayMs comes after one sent later without, one beyond is refused with capability',
    shares: true,
    async run(trial) {
      const spec = await trial.any(['queue', 'durable', 'live'])
      const { here, there } = await trial.pair(spec)
      const { maxDelayMs } = here.can
      if (Number.isFinite(maxDelayMs)) {
        const tooLong = trial.send(here, [{ path: 'a', body: 'never', delayMs: maxDelayMs + 1_000 }])
        await trial.reports(tooLong)
        expect(tooLong.outcomes[0]).toMatchObject({ error: { code: 'capability' } })
      }
      const reader = await trial.listen(there)
      const delayMs = Math.min(maxDelayMs, 1_000)
      if (delayMs > 0) await trial.put(here, [{ path: 'a', body: 'delayed', delayMs }])
      await trial.put(here, [{ path: 'a', body: 'prompt' }])
      await reader.until(delayMs > 0 ? 2 : 1)
      expect(reader.texts).toEqual(delayMs > 0 ? ['prompt', 'delayed'] : ['prompt'])
    },
  },
  {
    id: 'O4',
    part: 'ttl',
    title: 'what has expired is not delivered where ttl is claimed, and refused with capability where it is denied',
    shares: true,
    async run(trial) {
      const spec = await trial.any(['queue', 'durable'])
      const channel = await trial.open(spec)
      const sending = trial.send(channel, [{ path: 'a', body: 'mayfly', ttlMs: 1_000 }])
      await trial.reports(sending)
      if (!channel.can.ttl) {
        expect(sending.outcomes[0]).toMatchObject({ error: { code: 'capability' } })
        return
      }
      // Engines that count in seconds may take one more.
      await elapse(2_500)
      expect(await trial.stored(spec)).toEqual([])
    },
  },
  {
    id: 'O4',
    part: 'keyed',
    title: 'where keyed is claimed, no message of a key is given out while an earlier one of that key is unsettled',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('queue'))
      claimed(here.can.keyed, 'can.keyed is false')
      const running = new Map<string, string>()
      const log: string[] = []
      const overlaps: string[] = []
      const each = async (one: Delivery) => {
        const text = textOf(one)
        if (running.has(one.path)) overlaps.push(`${text} came while ${running.get(one.path)} was unsettled`)
        running.set(one.path, text)
        log.push(text)
        await elapse(1)
        running.delete(one.path)
        await one.settle('ack')
      }
      const readers = [await trial.listen(here, { each }), await trial.listen(there, { each })]
      const batch = numbered(40, { paths: ['a', 'b'] })
      await trial.put(here, batch)
      const enough = () => Promise.resolve(log.length >= batch.length)
      await eventually('40 deliveries', enough, trial.patienceMs).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${log.join(' ')}; unsettled ${[...running.values()].join(' ')}`)
      })
      for (const reader of readers) await reader.settled()
      expect(overlaps).toEqual([])
      for (const path of ['a', 'b']) {
        const sent = batch.filter((one) => one.path === path).map((one) => one.body)
        expect(log.filter((text) => sent.includes(text))).toEqual(sent)
      }
    },
  },
]

/** Specs that contradict this one, among those that the engine could make under another name. */
async function possibleOthers(trial: Trial, spec: ChannelSpec): Promise<ChannelSpec[]> {
  const kinds: readonly Kind[] = ['durable', 'live', 'queue', 'rpc']
  const variants = kinds.map((kind) => trial.spec(kind)).filter((one) => kindOf(one) !== kindOf(spec))
  const possible: ChannelSpec[] = []
  for (const variant of [...variants, trial.spec('durable', { latest: true }), { ...spec, params: spec.params + 1 }]) {
    const canBeMade = await trial.open({ ...variant, name: trial.spec('live').name }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Inapplicable) return false
        throw error
      },
    )
    if (canBeMade) possible.push({ ...variant, name: spec.name })
  }
  return possible
}

async function refusesPatterns(trial: Trial, channel: Channel): Promise<void> {
  for (const pattern of ['>', 'a*', 'a.b', '', ' ', 'a\n']) {
    const attaching = channel.receive({ paths: [pattern] }, { messages: 10, bytes: 1 << 20 }, trial.signal())
    await trial.refusal(`receive ${JSON.stringify(pattern)}`, attaching, ['invalid'])
  }
}

async function works(trial: Trial, spec: ChannelSpec, link: Link): Promise<void> {
  await link.probe(trial.signal())
  const { here, there } = await trial.pair(spec)
  const reader = await trial.listen(there)
  expect(await trial.flush(here, reader)).toEqual([])
}

/** On each kind of topic that the engine has. */
async function forEachTopic(
  trial: Trial,
  check: (channel: Channel, can: Capabilities) => Promise<void>,
): Promise<void> {
  let found = 0
  for (const kind of ['live', 'durable'] as const) {
    const channel = await trial.open(trial.spec(kind)).catch((error: unknown) => {
      if (error instanceof Inapplicable) return undefined
      throw error
    })
    if (channel === undefined) continue
    found += 1
    await check(channel, channel.can)
  }
  claimed(found > 0, 'the engine has no topics')
}
