import { MessagingError } from '@spanwire/driver'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createClient, json, primary, queue, rpc, type StandardSchema, topic } from '../src/index.js'
import { virtualRuntime } from '../src/runtime/virtual.js'
import { lost, Scripted, type ScriptedChannel } from './scripted.js'

type N = { readonly n: number }

const shape = json as StandardSchema<N>
const here = { environment: 'on-prem' } as const

/** One site whose channels take messages and answer when the test says. */
async function stage() {
  const runtime = virtualRuntime()
  const engine = new Scripted(runtime)
  const client = createClient({
    here,
    runtime,
    sites: { a: { location: here, driver: engine.driver, endpoints: ['a'] } },
  })
  onTestFinished(async () => {
    const closed = client.close({ timeout: '1ms' })
    await runtime.advance(10)
    await closed
  })
  await runtime.advance(100)
  const channel = (name: string): ScriptedChannel => {
    const found = engine.link.channels.find(({ spec }) => spec.name === name)
    if (found === undefined) throw new Error(`${name} is not open`)
    return found
  }
  return { runtime, client, channel }
}

/** A leader that steps down drops some of what is on its way, and answers for the channel again a moment later. */
describe('a message that nobody answers though who takes it answers', () => {
  it.each([
    ['a topic', topic('notes', shape, { delivery: 'durable' })],
    ['a queue', queue('notes', shape)],
  ] as const)('is sent again to the same site under the same id, to %s', async (_, contract) => {
    const { runtime, client, channel } = await stage()
    const sent = contract.kind === 'topic' ? client.publish(contract, { n: 1 }) : client.send(contract, { n: 1 })
    await runtime.advance(1_000)
    const { batches } = channel('notes')
    expect(batches).toHaveLength(1)
    await runtime.advance(3_000)
    expect(batches).toHaveLength(2)
    const [first, second] = batches
    expect(second?.messages.map(({ id }) => id)).toEqual(first?.messages.map(({ id }) => id))
    second?.report(0, { outcome: 'done' })
    expect((await sent).sites).toEqual(['a'])
  })

  it('is sent again when the driver never let it leave, and has not failed', async () => {
    const { runtime, client, channel } = await stage()
    const sent = client.publish(topic('notes', shape, { delivery: 'durable' }), { n: 1 })
    await runtime.advance(1_000)
    const { batches } = channel('notes')
    const error = new MessagingError('canceled', 'Forgotten before it was handed over.')
    batches[0]?.report(0, { outcome: 'unsent', error })
    await runtime.advance(100)
    expect(batches).toHaveLength(2)
    batches[1]?.report(0, { outcome: 'done' })
    expect((await sent).sites).toEqual(['a'])
  })

  it('is sent again alone while others on its channel are answered', async () => {
    const { runtime, client, channel } = await stage()
    const notes = topic('notes.{n}', shape, { delivery: 'durable' })
    const lost = client.publish(notes, { n: 1 })
    await runtime.advance(100)
    const { batches } = channel('notes')
    const [first] = batches
    for (let n = 2; n < 60; n++) {
      const other = client.publish(notes, { n })
      await runtime.advance(100)
      for (const { messages, report } of batches.slice(1))
        for (const [at] of messages.entries()) report(at, { outcome: 'done' })
      await other
    }
    expect(await lost).toMatchObject({ sites: ['a'] })
    const sent = batches.flatMap(({ messages }) => messages.map(({ id }) => id))
    expect(sent.filter((id) => id === first?.messages[0]?.id)).toHaveLength(2)
    expect(new Set(sent).size).toBe(59)
  })

  it('is left alone when it is a request: a handler may take its time', async () => {
    const { runtime, client, channel } = await stage()
    const price = rpc('prices', shape, shape)
    const asked = client.request(price, { n: 1 }, { timeout: '20s' })
    await runtime.advance(15_000)
    const { batches } = channel('prices')
    expect(batches).toHaveLength(1)
    const reply = { body: '{"n":2}', error: undefined, headers: () => [] }
    batches[0]?.report(0, { outcome: 'done', reply })
    expect(await asked).toEqual({ n: 2 })
  })
})

describe('a channel that is ill at the only site that is reached', () => {
  it.each([
    ['a topic', topic('notes', shape, { delivery: 'durable' })],
    ['a queue', queue('notes', shape)],
  ] as const)('has a site that waits to be dialled tried at once, and goes there: %s', async (_, contract) => {
    const runtime = virtualRuntime()
    const [a, b] = [new Scripted(runtime), new Scripted(runtime)]
    b.behave('b', { does: 'fail', error: lost, afterMs: 1 })
    const client = createClient({
      here,
      runtime,
      sites: {
        a: { location: here, driver: a.driver, endpoints: ['a'] },
        b: { location: here, driver: b.driver, endpoints: ['b'] },
      },
      routes: [{ match: '>', policy: primary('a', 'b') }],
    })
    onTestFinished(async () => {
      const closed = client.close({ timeout: '1ms' })
      await runtime.advance(10)
      await closed
    })
    // By then its dials are half a minute apart at most.
    await runtime.advance(300_000)
    const dials = b.dials.length
    b.behave('b', { does: 'accept', afterMs: 1 })
    const sent = contract.kind === 'topic' ? client.publish(contract, { n: 1 }) : client.send(contract, { n: 1 })
    const error = new MessagingError('unavailable', 'No engine behind it.', { scope: 'channel' })
    const batchesAt = ({ links: [link] }: Scripted) => link?.channels.find(({ spec }) => spec.name === 'notes')?.batches
    for (let ms = 0; ms < 1_500 && !batchesAt(b)?.length; ms += 10) {
      for (const { report } of batchesAt(a) ?? []) report(0, { outcome: 'unsent', error })
      await runtime.advance(10)
    }
    expect(b.dials).toHaveLength(dials + 1)
    batchesAt(b)?.[0]?.report(0, { outcome: 'done' })
    expect((await sent).sites).toEqual(['b'])
  })
})
