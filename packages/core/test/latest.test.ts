import type { Channel, Driver, Link, Outgoing, SendOutcome } from '@spanwire/driver'
import { MessagingError } from '@spanwire/driver'
import { type MemoryEngine, memory } from '@spanwire/driver-memory'
import { describe, expect, it } from 'vitest'
import { json, type StandardSchema, topic } from '../src/index.js'
import { take, twoSites, until } from './two-sites.js'

interface Quote {
  readonly symbol: string
  readonly n: number
}

const board = topic('board.{symbol}', json as StandardSchema<Quote>, { delivery: 'durable', latest: true })

/**
 * As JetStream: an id that the engine has seen is acknowledged and not stored again. `loses` decides by attempt which
 * message never arrives though nobody can know.
 */
function deduping(engine: MemoryEngine, loses: (message: Outgoing) => boolean = () => false): Driver {
  const seen = new Set<string>()
  const inner = memory(engine)
  const send = (channel: Channel): Channel['send'] => {
    return (batch, report) => {
      const fresh: number[] = []
      for (const [index, message] of batch.entries()) {
        if (loses(message)) report(index, UNKNOWN)
        else if (message.id !== undefined && seen.has(message.id)) report(index, { outcome: 'done' })
        else fresh.push(index)
        if (message.id !== undefined && fresh.at(-1) === index) seen.add(message.id)
      }
      const messages = fresh.flatMap((index) => batch[index] ?? [])
      return channel.send(messages, (at, outcome) => report(fresh[at] ?? -1, outcome))
    }
  }
  const open = (link: Link): Link['open'] => {
    return async (spec, signal) => {
      const channel = await link.open(spec, signal)
      return {
        can: channel.can,
        send: send(channel),
        receive: (...how) => channel.receive(...how),
        probe: (how) => channel.probe(how),
      }
    }
  }
  return {
    ...inner,
    async connect(...how) {
      const link = await inner.connect(...how)
      const { draining, ended, engine: info } = link
      return {
        engine: info,
        draining,
        ended,
        open: open(link),
        probe: (signal) => link.probe(signal),
        close: (signal) => link.close(signal),
      }
    },
  }
}

const UNKNOWN: SendOutcome = {
  outcome: 'unknown',
  error: new MessagingError('timeout', 'No acknowledgement came.', { scope: 'message' }),
}

describe('a channel that keeps the latest', () => {
  it('ends on the newest value after a repair, though the engine drops ids that it knows', async () => {
    let lost = 0
    const driver = (engine: MemoryEngine, site: 'a' | 'b') =>
      deduping(engine, ({ body }) => site === 'a' && String(body).includes('"n":5') && lost++ === 0)
    const { client } = twoSites({ driver })
    const writer = client()
    await writer.publish(board, { symbol: 'IBM', n: 4 })
    await Promise.all([5, 6].map((n) => writer.publish(board, { symbol: 'IBM', n })))
    expect(lost).toBeGreaterThan(1)
    await writer.close()
    const table = client().table(board)
    await table.ready
    expect(table.get('IBM')?.value.n).toBe(6)
  })

  it('ends on the newest value at the site where the others are offered again', async () => {
    const { a, client } = twoSites({ driver: (engine) => deduping(engine) })
    const writer = client()
    for (const n of [1, 2, 3]) await writer.publish(board, { symbol: 'IBM', n })
    a.kill()
    expect((await writer.publish(board, { symbol: 'IBM', n: 4 })).sites).toEqual(['b'])
    await writer.close()
    const table = client().table(board)
    await table.ready
    expect(table.get('IBM')?.value.n).toBe(4)
  })

  it('shows each value once to who listens, whatever ids its copies had', async () => {
    const { a, client } = twoSites({ driver: (engine) => deduping(engine) })
    const subscription = client().subscribe(board, {}, { order: 'strict' })
    await subscription.ready
    const writer = client()
    for (const n of [1, 2, 3]) await writer.publish(board, { symbol: 'IBM', n })
    a.kill()
    await writer.publish(board, { symbol: 'IBM', n: 4 })
    await writer.close()
    await client().publish(board, { symbol: 'END', n: 5 })
    expect((await take(subscription, 5)).map(({ value }) => value.n)).toEqual([1, 2, 3, 4, 5])
  })

  it('tells a site that was away and returns what was removed meanwhile', async () => {
    const { a, b, client } = twoSites()
    const writer = client()
    await writer.publish(board, { symbol: 'OLD', n: 1 })
    await writer.publish(board, { symbol: 'KEPT', n: 2 })
    a.kill()
    expect((await writer.remove(board, { symbol: 'OLD' })).sites).toEqual(['b'])
    a.restart({ data: 'keep' })
    await until(writer, 'a', 'up')
    await writer.close()
    b.kill()
    // Only the site that was away is left: it kept both values itself.
    const table = client().table(board)
    await table.ready
    expect([...table.entries()].map(([path]) => path)).toEqual(['KEPT'])
  })
})
