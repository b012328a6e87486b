import { describe, expect, it } from 'vitest'
import { durable, FLOW, live, patience, pull, queue, refusal, rpc, send, textOf, told } from '../../driver/test/talk.js'
import { api, asAdmin } from './rig/admin.js'
import { dial } from './rig/dial.js'
import { streamOf } from './rig/names.js'
import { server } from './rig/server.js'

/** One error of nats.js, JetStreamNotEnabled, has three meanings, and a 503 says it in a millisecond each time. */
describe('a stream that does not answer', () => {
  it('because the server has no JetStream: capability at first use, with what to change; live and rpc go on', async () => {
    const node = await server('', { jetstream: false })
    const link = await dial(node.endpoint)
    for (const spec of [durable('kept'), queue('work')]) {
      const error = await refusal(link.open(spec, patience()))
      expect(error).toMatchObject({ code: 'capability', retryable: false, scope: 'channel' })
      expect(error.message).toMatch(/JetStream/)
      expect(error.message).toMatch(/jetstream/i)
      expect(error.message).toContain(spec.name)
    }
    expect((await send(await link.open(live('seen'), patience()), 'x')).map(told)).toEqual(['done'])
    await link.open(rpc('asked'), patience())
  })

  it('because the account has none: capability too', async () => {
    const node = await server('accounts { NONE { users: [{ user: ann, password: pw }] } }')
    const link = await dial(node.endpoint, { as: { by: 'password', user: 'ann', password: 'pw' } })
    const error = await refusal(link.open(durable('kept'), patience()))
    expect(error).toMatchObject({ code: 'capability', retryable: false })
    expect(error.message).toMatch(/account/)
  })

  it('because it was deleted: refused, and a probe of the channel tells why; the rest of the link lives', async () => {
    const node = await server()
    const link = await dial(node.endpoint)
    const [kept, other] = [await link.open(durable('kept'), patience()), await link.open(durable('other'), patience())]
    await api(node, `STREAM.DELETE.${streamOf(durable('kept'))}`)
    const [outcome] = await send(kept, 'x')
    expect(told(outcome)).toMatch(/^refused (unavailable|not-found)$/)
    expect(outcome?.outcome === 'refused' && outcome.error.scope).toBe('channel')
    expect(await refusal(kept.probe(patience()))).toMatchObject({ code: 'not-found', scope: 'channel' })
    expect((await send(other, 'y')).map(told)).toEqual(['done'])
  })

  it('schedule 10: what it calls the duplicate of one that is not stored yet is not done, for that one may still fail', async () => {
    const node = await server()
    const kept = await (await dial(node.endpoint)).open(durable('kept'), patience())
    await api(node, `STREAM.DELETE.${streamOf(durable('kept'))}`)
    await asAdmin(node, async (nc) => {
      // In the words of a server up to 2.10, in place of the stream.
      nc.subscribe('kept.*', {
        callback: (_, message) => {
          message.respond('{"stream":"kept","seq":0,"duplicate":true}')
        },
      })
      await nc.flush()
      const [outcome] = await send(kept, { path: 'a', body: 'x', id: 'AAAAAAAAAAAAAAAA-1.1.1700000000000' })
      expect(told(outcome)).toBe('unknown outcome-unknown')
      expect(outcome?.outcome === 'unknown' && outcome.error.message).toMatch(/earlier copy.*not stored yet/)
    })
  })
})

describe('a stream that is there already', () => {
  it('with other settings is a conflict that tells both values, and it stays as it is', async () => {
    const node = await server()
    const name = streamOf(durable('kept'))
    const before = { name, subjects: ['kept.*'], retention: 'workqueue', storage: 'file', num_replicas: 1 }
    await api(node, `STREAM.CREATE.${name}`, before)
    const error = await refusal((await dial(node.endpoint)).open(durable('kept'), patience()))
    expect(error).toMatchObject({ code: 'conflict', retryable: false, scope: 'channel' })
    expect(error.message).toMatch(/workqueue/)
    expect(error.message).toMatch(/limits/)
    expect(await api(node, `STREAM.INFO.${name}`)).toMatchObject({ config: before })
  })

  it('whose subjects belong to another stream is a conflict that names it', async () => {
    const node = await server()
    await api(node, 'STREAM.CREATE.THEIRS', {
      name: 'THEIRS',
      subjects: ['kept.>'],
      retention: 'limits',
      storage: 'file',
    })
    const error = await refusal((await dial(node.endpoint)).open(durable('kept'), patience()))
    expect(error).toMatchObject({ code: 'conflict', scope: 'channel' })
    expect(error.message).toMatch(/kept/)
  })

  it('a queue where a topic is, and the other way round', async () => {
    const node = await server()
    const link = await dial(node.endpoint)
    await link.open(durable('kept'), patience())
    await link.open(queue('work'), patience())
    expect((await refusal(link.open(queue('kept'), patience()))).code).toBe('conflict')
    expect((await refusal(link.open(durable('work'), patience()))).code).toBe('conflict')
  })
})

describe('limits', () => {
  it('a message above 1 MiB fails alone and at once, whatever carries it', async () => {
    const link = await dial((await server()).endpoint)
    for (const spec of [live('seen'), durable('kept'), queue('work')]) {
      const channel = await link.open(spec, patience())
      expect(channel.can.maxBytes).toBeLessThanOrEqual(1 << 20)
      const outcomes = await send(channel, 'before', { body: new Uint8Array((1 << 20) + 1) }, 'after')
      expect(outcomes.map(told)).toEqual(['done', expect.stringMatching(/^(unsent|refused) too-large$/), 'done'])
    }
  })

  it("a server's own limit is the channel's limit", async () => {
    const link = await dial((await server('max_payload: 4096')).endpoint)
    const channel = await link.open(live('seen'), patience())
    expect(channel.can.maxBytes).toBeLessThanOrEqual(4096)
    const fits = new Uint8Array(channel.can.maxBytes)
    expect((await send(channel, { body: fits })).map(told)).toEqual(['done'])
    expect((await send(channel, { body: new Uint8Array(4097) })).map(told)).toEqual([
      expect.stringContaining('too-large'),
    ])
  })

  it('a stream that is full and keeps what it has refuses as overloaded, and goes on when there is room', async () => {
    const node = await server()
    const link = await dial(node.endpoint)
    const channel = await link.open(durable('kept'), patience())
    const name = streamOf(durable('kept'))
    const { config } = await api<{ config: object }>(node, `STREAM.INFO.${name}`)
    await api(node, `STREAM.UPDATE.${name}`, { ...config, max_msgs: 2, discard: 'new' })
    expect((await send(channel, '1', '2', '3')).map(told)).toEqual(['done', 'done', 'refused overloaded'])
    await api(node, `STREAM.PURGE.${name}`)
    expect((await send(channel, '4')).map(told)).toEqual(['done'])
  })

  it('a store that is full refuses as overloaded', async () => {
    const node = await server('jetstream { store_dir: "js", max_file_store: 2MB, max_memory_store: 1MB }')
    const link = await dial(node.endpoint)
    const channel = await link.open(durable('kept'), patience())
    const heavy = { body: new Uint8Array(900_000) }
    const outcomes = (await send(channel, heavy, heavy, heavy, heavy)).map(told)
    expect(outcomes.slice(0, 2)).toEqual(['done', 'done'])
    expect(outcomes.at(-1)).toMatch(/^(refused|unknown) (overloaded|outcome-unknown)$/)
  })

  it('tokens that NATS would take for wildcards or separators are refused, and nothing of them is sent', async () => {
    const node = await server()
    const link = await dial(node.endpoint)
    const heard: string[] = []
    await asAdmin(node, async (nc) => {
      nc.subscribe('seen.>', { callback: (_, msg) => void heard.push(msg.subject) })
      await nc.flush()
      const channel = await link.open(live('seen'), patience())
      const bad = ['*', '>', 'a.b', '', ' ', 'a b', 'a\t', '.', 'a\r\nPUB x 0\r\n']
      const outcomes = await send(channel, ...bad.map((path) => ({ path, body: 'bad' })), { path: 'ok', body: 'good' })
      for (const outcome of outcomes.slice(0, -1)) expect(told(outcome)).toMatch(/invalid$/)
      await nc.flush()
    })
    expect(heard).toEqual(['seen.ok'])
    await link.probe(patience())
  })
})

describe('a consumer', () => {
  it('that somebody deletes is made again where the reading was, or its reception says so: nothing is skipped in silence', async () => {
    const node = await server()
    const link = await dial(node.endpoint)
    const spec = durable('kept')
    const channel = await link.open(spec, patience())
    const reception = await channel.receive({}, FLOW, patience())
    await send(channel, '1')
    expect((await pull(reception, 1)).map(textOf)).toEqual(['1'])
    const { consumers } = await api<{ consumers: { name: string }[] }>(node, `CONSUMER.LIST.${streamOf(spec)}`)
    for (const { name } of consumers) await api(node, `CONSUMER.DELETE.${streamOf(spec)}.${name}`)
    await send(channel, '2')
    const next = await pull(reception, 1).then(
      (got) => got.map(textOf),
      (error: unknown) => error,
    )
    if (next instanceof Error) expect(next).toMatchObject({ scope: 'channel' })
    else expect(next).toEqual(['2'])
  })
})
