import type { Channel, Outgoing, SendOutcome } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { Scripted, ScriptedChannel, ScriptedLink } from '../../test/scripted.js'
import { virtualRuntime } from '../runtime/virtual.js'
import { Sender } from './sender.js'

const done: SendOutcome = { outcome: 'done' }
const message = (path: string): Outgoing => ({ path, body: 'x' })
const ignore = () => {}
const tick = () => Promise.resolve()

function stage() {
  const runtime = virtualRuntime()
  const engine = new Scripted(runtime)
  const spec = { kind: 'queue', name: 'q', params: 1, leaseMs: 1 } as const
  const channel = new ScriptedChannel(engine, new ScriptedLink(engine, runtime, 'a'), spec)
  const load = { inflight: 0, answers: 0 }
  return { channel, load, sender: new Sender(channel, load) }
}

const paths = (channel: ScriptedChannel) => channel.batches.map((batch) => batch.messages.map((one) => one.path))

describe('sending on a channel', () => {
  it('gathers what one tick hands over, in order', async () => {
    const { channel, sender } = stage()
    for (const path of ['a', 'b', 'c']) sender.send(message(path), 1, ignore)
    expect(channel.batches).toEqual([])
    await tick()
    sender.send(message('d'), 1, ignore)
    await tick()
    expect(paths(channel)).toEqual([['a', 'b', 'c'], ['d']])
  })

  it('hands over 512 messages or 256 KiB at once, and one that is larger alone', async () => {
    const { channel, sender } = stage()
    for (let at = 0; at < 1_025; at++) sender.send(message('m'), 1, ignore)
    for (let at = 0; at < 3; at++) sender.send(message('big'), 200_000, ignore)
    sender.send(message('huge'), 5_000_000, ignore)
    sender.send(message('last'), 1, ignore)
    await tick()
    expect(channel.batches.map((batch) => batch.messages.length)).toEqual([512, 512, 2, 1, 1, 1, 1])
    expect(paths(channel).slice(2)).toEqual([['m', 'big'], ['big'], ['big'], ['huge'], ['last']])
  })

  it('reports to each its own outcome, once', async () => {
    const { channel, load, sender } = stage()
    const seen: string[] = []
    for (const path of ['a', 'b', 'c']) sender.send(message(path), 1, ({ outcome }) => void seen.push(path + outcome))
    await tick()
    expect([sender.inflight, load.inflight]).toEqual([3, 3])
    channel.batches[0]?.report(1, done)
    channel.batches[0]?.report(1, { ...done })
    channel.batches[0]?.report(0, done)
    expect(seen).toEqual(['bdone', 'adone'])
    expect([sender.inflight, load.inflight]).toEqual([1, 1])
  })

  it('takes back what has not left: unsent before cancel returns, and the others leave as they are', async () => {
    const { channel, sender } = stage()
    const seen: string[] = []
    const tickets = ['a', 'b', 'c'].map((path) =>
      sender.send(message(path), 1, ({ outcome }) => void seen.push(path + outcome)),
    )
    tickets[1]?.cancel()
    expect(seen).toEqual(['bunsent'])
    await tick()
    expect(paths(channel)).toEqual([['a', 'c']])
    channel.batches[0]?.report(2, done)
    expect(seen).toEqual(['bunsent'])
    channel.batches[0]?.report(1, done)
    tickets[1]?.cancel()
    tickets[2]?.cancel()
    expect(seen).toEqual(['bunsent', 'cdone'])
  })

  it('does not call the driver when all was taken back', async () => {
    const { channel, sender } = stage()
    sender.send(message('a'), 1, ignore).cancel()
    await tick()
    expect(channel.batches).toEqual([])
    expect(sender.inflight).toBe(0)
  })

  it('lets the driver forget what has left', async () => {
    const { channel, sender } = stage()
    const seen: string[] = []
    sender.send(message('a'), 1, ignore)
    const ticket = sender.send(message('b'), 1, ({ outcome }) => void seen.push(outcome))
    await tick()
    ticket.cancel()
    expect(seen).toEqual(['unknown'])
    expect(channel.cancelled).toEqual([1])
  })

  it('keeps to that also out of a report that comes while the driver takes the batch', async () => {
    const cancelled: (number | undefined)[] = []
    const { channel } = stage()
    const send: Channel['send'] = (_batch, report) => {
      report(0, done)
      return (index) => void cancelled.push(index)
    }
    const sender = new Sender(Object.assign(channel, { send }))
    const seen: string[] = []
    sender.send(message('a'), 1, () => {
      second.cancel()
      seen.push('after cancel')
    })
    const second = sender.send(message('b'), 1, ({ outcome }) => void seen.push(outcome))
    await tick()
    expect(seen).toEqual(['unknown', 'after cancel'])
    expect(cancelled).toEqual([1])
  })

  it('puts what a report hands over into the next tick', async () => {
    const { channel, sender } = stage()
    sender.send(message('a'), 1, () => void sender.send(message('b'), 1, ignore))
    await tick()
    channel.batches[0]?.report(0, done)
    expect(paths(channel)).toEqual([['a']])
    await tick()
    expect(paths(channel)).toEqual([['a'], ['b']])
  })
})
