import { bytes, topic } from '@spanwire/core'
import { expect } from 'vitest'
import { range, shape, take, text } from './gather.js'
import type { Promised } from './harness.js'

interface Numbered {
  readonly key: string
  readonly n: number
}

/** The promises of publish and subscribe. */
export const topics: readonly Promised[] = [
  {
    title: 'publish and subscribe: everything published after ready arrives, once, in order',
    run: async ({ client, name }) => {
      const notes = topic(name(), text, { delivery: 'durable' })
      const subscription = (await client()).subscribe(notes)
      await subscription.ready
      const writer = await client()
      const got = take(subscription, 100)
      for (const n of range(100)) await writer.publish(notes, `${n}`)
      expect((await got).map(({ value }) => Number(value))).toEqual(range(100))
    },
  },
  {
    title: 'two subscriptions each get everything',
    run: async ({ client, name }) => {
      const notes = topic(name(), text, { delivery: 'durable' })
      const readers = [(await client()).subscribe(notes), (await client()).subscribe(notes)]
      await Promise.all(readers.map(({ ready }) => ready))
      const writer = await client()
      const got = readers.map((reader) => take(reader, 50))
      await Promise.all(range(50).map((n) => writer.publish(notes, `${n}`)))
      for (const one of await Promise.all(got)) expect(one.map(({ value }) => Number(value))).toEqual(range(50))
    },
  },
  {
    title: 'many topics at once do not mix',
    run: async ({ client, name }) => {
      const writer = await client()
      const reader = await client()
      const contracts = range(20).map(() => topic(name(), text, { delivery: 'durable' }))
      const subscriptions = contracts.map((contract) => reader.subscribe(contract))
      await Promise.all(subscriptions.map(({ ready }) => ready))
      const got = subscriptions.map((subscription) => take(subscription, 10))
      await Promise.all(
        contracts.flatMap((contract, at) => range(10).map((n) => writer.publish(contract, `${at}:${n}`))),
      )
      for (const [at, messages] of (await Promise.all(got)).entries()) {
        expect(messages.map(({ value }) => value)).toEqual(range(10).map((n) => `${at}:${n}`))
      }
    },
  },
  {
    title: 'order per key holds under 16 keys, 4 publishers and a filter',
    run: async ({ client, name }) => {
      const contract = topic(`${name()}.{key}`, shape<Numbered>(), { delivery: 'durable' })
      const everything = (await client()).subscribe(contract)
      const filtered = (await client()).subscribe(contract, { key: 'k3' })
      await Promise.all([everything.ready, filtered.ready])
      const got = take(everything, 16 * 4 * 25)
      const onlyK3 = take(filtered, 4 * 25)
      const publish = async (): Promise<void> => {
        const writer = await client()
        for (const n of range(25))
          await Promise.all(range(16, 0).map((k) => writer.publish(contract, { key: `k${k}`, n })))
      }
      await Promise.all(range(4).map(publish))
      const lanes = new Map<string | undefined, number[]>()
      for (const { source, value } of await got) lanes.set(source, [...(lanes.get(source) ?? []), value.n])
      expect(lanes.size).toBe(64)
      for (const numbers of lanes.values()) expect(numbers).toEqual(range(25))
      expect((await onlyK3).every(({ params }) => params.key === 'k3')).toBe(true)
    },
  },
  {
    title: '10,000 messages of 20 publishers: none lost, none doubled',
    needs: 'waits',
    run: async ({ client, name }) => {
      const contract = topic(name(), shape<Numbered>(), { delivery: 'durable' })
      const subscription = (await client()).subscribe(contract, {}, { buffer: 10_000 })
      await subscription.ready
      const got = take(subscription, 10_000)
      const publish = async (p: number): Promise<void> => {
        const writer = await client()
        for (const from of [1, 101, 201, 301, 401]) {
          await Promise.all(range(100, from).map((n) => writer.publish(contract, { key: `${p}`, n })))
        }
      }
      await Promise.all(range(20).map(publish))
      const seen = new Set((await got).map(({ value }) => `${value.key}:${value.n}`))
      expect(seen.size).toBe(10_000)
    },
  },
  {
    title: 'bodies are byte-exact: empty, NUL, invalid UTF-8, every byte, 900 KB',
    run: async ({ client, name }) => {
      const contract = topic(name(), bytes, { delivery: 'durable' })
      const subscription = (await client()).subscribe(contract)
      await subscription.ready
      const bodies = [[], [0], [0xff, 0xfe, 0xc0], range(256, 0)].map((body) => Uint8Array.from(body))
      bodies.push(new Uint8Array(900_000).map((_, at) => at * 31))
      const got = take(subscription, bodies.length)
      const writer = await client()
      for (const body of bodies) await writer.publish(contract, body)
      for (const [at, { value }] of (await got).entries())
        expect(Buffer.compare(value, bodies[at] ?? new Uint8Array())).toBe(0)
    },
  },
  {
    title: 'headers arrive as they were set, and none of ours is among them',
    run: async ({ client, name }) => {
      const contract = topic(name(), text)
      const subscription = (await client()).subscribe(contract)
      await subscription.ready
      const got = take(subscription, 1)
      await (await client()).publish(contract, 'x', { headers: { 'Trace-Id': 'a=1;ü', empty: '' } })
      expect({ ...(await got)[0]?.headers }).toEqual({ 'trace-id': 'a=1;ü', empty: '' })
    },
  },
  {
    title: 'a new subscription receives old messages when it asks for them',
    needs: 'beginning',
    run: async ({ client, name }) => {
      const notes = topic(name(), text, { delivery: 'durable' })
      const writer = await client()
      for (const n of range(20)) await writer.publish(notes, `${n}`)
      const subscription = (await client()).subscribe(notes, {}, { from: 'beginning' })
      expect((await take(subscription, 20)).map(({ value }) => Number(value))).toEqual(range(20))
    },
  },
  {
    title: 'a late comer to a latest topic gets the newest per path first',
    needs: 'latest',
    run: async ({ client, name }) => {
      const contract = topic(`${name()}.{key}`, shape<Numbered>(), { delivery: 'durable', latest: true })
      const writer = await client()
      for (const n of range(5)) for (const key of ['a', 'b']) await writer.publish(contract, { key, n })
      const table = (await client()).table(contract)
      await table.ready
      expect(
        [...table.entries()].map(([path, { value }]) => `${path} ${value.n}`).sort((a, b) => a.localeCompare(b)),
      ).toEqual(['a 5', 'b 5'])
    },
  },
  {
    title: 'a checkpoint takes a new process on where the old one stopped',
    needs: 'position',
    run: async ({ client, name }) => {
      const notes = topic(name(), text, { delivery: 'durable' })
      const writer = await client()
      const before = (await client()).subscribe(notes)
      await before.ready
      await Promise.all(range(10).map((n) => writer.publish(notes, `${n}`)))
      const iterator = before[Symbol.asyncIterator]()
      for (const _ of range(5)) await iterator.next()
      const from = before.checkpoint()
      await before.stop()
      const rest = await take((await client()).subscribe(notes, {}, { from }), 6)
      expect(rest.map(({ value }) => Number(value))).toEqual(range(6, 5))
    },
  },
  {
    title: 'members of a group share the messages, each to one, also when a member leaves',
    needs: 'groups',
    run: async ({ client, name }) => {
      const notes = topic(name(), text, { delivery: 'durable' })
      const members = [
        (await client()).subscribe(notes, {}, { group: 'g' }),
        (await client()).subscribe(notes, {}, { group: 'g' }),
      ]
      await Promise.all(members.map(({ ready }) => ready))
      const seen = new Set<string>()
      const reading = members.map(async (member, at) => {
        let own = 0
        for await (const { value } of member) {
          seen.add(value)
          own += 1
          if (at === 0 && own === 10) break
          if (seen.size === 100) break
        }
        if (seen.size === 100) await Promise.all(members.map((one) => one.stop()))
      })
      const writer = await client()
      for (const n of range(100)) await writer.publish(notes, `${n}`)
      await Promise.all(reading)
      expect(seen.size).toBe(100)
    },
  },
  {
    title: 'a subscription outlives a restart of its engine and misses nothing durable',
    needs: 'restart',
    run: async ({ client, harness, name }) => {
      const notes = topic(name(), text, { delivery: 'durable' })
      const subscription = (await client()).subscribe(notes)
      await subscription.ready
      const writer = await client()
      const got = take(subscription, 40)
      for (const n of range(20)) await writer.publish(notes, `${n}`)
      await harness.restart?.()
      for (const n of range(20, 21)) await writer.publish(notes, `${n}`)
      expect((await got).map(({ value }) => Number(value))).toEqual(range(40))
    },
  },
]
