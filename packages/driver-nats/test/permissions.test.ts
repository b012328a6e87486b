import type { Credentials, Link } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { durable, FLOW, live, patience, pull, queue, refusal, rpc, send, textOf, told } from '../../driver/test/talk.js'
import { dial } from './rig/dial.js'
import { server } from './rig/server.js'

/** nats.js throws nothing when a server forbids to publish: it tells of it by an event, turns after the flush that should say. */

const ANN: Credentials = { by: 'password', user: 'ann', password: 'pw' }
const BOB: Credentials = { by: 'password', user: 'bob', password: 'pw' }

/** Ann may do all, Bob all but these. */
async function guarded(denied: { readonly publish?: readonly string[]; readonly subscribe?: readonly string[] }) {
  const deny = ([verb, subjects]: [string, readonly string[]]) => `${verb}: { deny: ${JSON.stringify(subjects)} }`
  const permissions = Object.entries(denied).map(deny).join(', ')
  const node = await server(`authorization { users: [
    { user: ann, password: pw }
    { user: bob, password: pw, permissions: { ${permissions} } }
  ] }`)
  return { ann: await dial(node.endpoint, { as: ANN }), bob: await dial(node.endpoint, { as: BOB }) }
}

/** A durable topic goes on working on the same link. */
async function othersGoOn(link: Link): Promise<void> {
  const channel = await link.open(durable('allowed'), patience())
  expect((await send(channel, 'fine')).map(told)).toEqual(['done'])
  await link.probe(patience())
}

describe('what a user may not do', () => {
  it('publish live: each message is refused as forbidden, names the channel, and the others of the link go out', async () => {
    const { ann, bob } = await guarded({ publish: ['secret.>'] })
    const reader = await (await ann.open(live('secret'), patience())).receive({}, FLOW, patience())
    const secret = await bob.open(live('secret'), patience())
    const open = await bob.open(live('open'), patience())
    const [denied, allowed] = await Promise.all([send(secret, 'one', 'two'), send(open, 'three', 'four')])
    expect(denied.map(told)).toEqual(['refused forbidden', 'refused forbidden'])
    expect(allowed.map(told)).toEqual(['done', 'done'])
    const [first] = denied
    expect(first?.outcome === 'refused' && first.error).toMatchObject({ scope: 'channel', retryable: false })
    expect(first?.outcome === 'refused' && first.error.message).toContain('secret')
    await othersGoOn(bob)
    await send(await ann.open(live('secret'), patience()), 'from ann')
    expect((await pull(reader, 1)).map(textOf)).toEqual(['from ann'])
  })

  it('publish live to one subject of a channel: only that message is refused', async () => {
    const { bob } = await guarded({ publish: ['quotes.secret'] })
    const quotes = await bob.open(live('quotes'), patience())
    const outcomes = await send(quotes, { path: 'a' }, { path: 'secret' }, { path: 'b' })
    expect(outcomes.map(told)).toEqual(['done', 'refused forbidden', 'done'])
  })

  it('publish to a stream: refused as forbidden, others of the batch are stored', async () => {
    const { ann, bob } = await guarded({ publish: ['kept.secret'] })
    await ann.open(durable('kept'), patience())
    const kept = await bob.open(durable('kept'), patience())
    const outcomes = await send(kept, { path: 'a', body: '1' }, { path: 'secret', body: '2' }, { path: 'b', body: '3' })
    expect(outcomes.map(told)).toEqual(['done', 'refused forbidden', 'done'])
    const reader = await kept.receive({ start: { at: 'beginning' } }, FLOW, patience())
    expect((await pull(reader, 2)).map(textOf)).toEqual(['1', '3'])
  })

  it('ask: the request is refused as forbidden in no time', async () => {
    const { ann, bob } = await guarded({ publish: ['asked.>'] })
    await (await ann.open(rpc('asked'), patience())).receive({}, FLOW, patience())
    expect((await send(await bob.open(rpc('asked'), patience()), { body: '?', ttlMs: 5_000 })).map(told)).toEqual([
      'refused forbidden',
    ])
    await othersGoOn(bob)
  })

  it('subscribe: receiving rejects with forbidden, names the channel, and the link goes on', async () => {
    const { bob } = await guarded({ subscribe: ['secret.>', 'asked.>'] })
    for (const spec of [live('secret'), rpc('asked')]) {
      const channel = await bob.open(spec, patience())
      const error = await refusal(channel.receive({}, FLOW, patience()))
      expect(error).toMatchObject({ code: 'forbidden', scope: 'channel' })
      expect(error.message).toContain(spec.name)
    }
    await othersGoOn(bob)
  })

  it('make streams: opening rejects with forbidden where one would be made, and works where there is one', async () => {
    const { ann, bob } = await guarded({ publish: ['$JS.API.STREAM.CREATE.>'] })
    const error = await refusal(bob.open(durable('missing'), patience()))
    expect(error).toMatchObject({ code: 'forbidden', scope: 'channel' })
    expect(error.message).toContain('missing')
    await ann.open(durable('there'), patience())
    expect((await send(await bob.open(durable('there'), patience()), 'x')).map(told)).toEqual(['done'])
  })

  it('make consumers: receiving rejects with forbidden, publishing works', async () => {
    const { bob } = await guarded({ publish: ['$JS.API.CONSUMER.CREATE.>', '$JS.API.CONSUMER.DURABLE.CREATE.>'] })
    for (const spec of [durable('kept'), queue('work')]) {
      const channel = await bob.open(spec, patience())
      expect(await refusal(channel.receive({}, FLOW, patience()))).toMatchObject({
        code: 'forbidden',
        scope: 'channel',
      })
      expect((await send(channel, 'x')).map(told)).toEqual(['done'])
    }
  })

  it('fetch from a consumer: the reception fails as forbidden, and no other', async () => {
    const { bob } = await guarded({ publish: ['$JS.API.CONSUMER.MSG.NEXT.>'] })
    const channel = await bob.open(durable('kept'), patience())
    const failure = channel.receive({}, FLOW, patience()).then((reception) => pull(reception, 1))
    expect(await refusal(failure)).toMatchObject({ code: 'forbidden', scope: 'channel' })
    await othersGoOn(bob)
  })

  it('acknowledge: settling rejects as forbidden or unknown, and never resolves', async () => {
    const { bob } = await guarded({ publish: ['$JS.ACK.>'] })
    const channel = await bob.open(queue('work'), patience())
    await send(channel, 'job')
    const [job] = await pull(await channel.receive({}, FLOW, patience()), 1)
    if (job === undefined) throw new Error('one job was awaited')
    const states = await refusal(job.settle('ack'))
    expect(['forbidden', 'outcome-unknown']).toContain(states.code)
  })
})

describe('the least rights', () => {
  const least = (name: string, ...calls: string[]) => ({
    publish: [`${name}.>`, '$JS.API.INFO', ...calls],
    subscribe: ['_INBOX.>'],
  })
  const users = (grants: { readonly publish: readonly string[]; readonly subscribe: readonly string[] }) =>
    `authorization { users: [
      { user: ann, password: pw }
      { user: bob, password: pw, permissions: {
        publish: { allow: ${JSON.stringify(grants.publish)} }, subscribe: { allow: ${JSON.stringify(grants.subscribe)} } } }
    ] }`

  it('publish to a stream that is there', async () => {
    const node = await server(users(least('kept', '$JS.API.STREAM.INFO.>')))
    await (await dial(node.endpoint, { as: ANN })).open(durable('kept'), patience())
    const bob = await dial(node.endpoint, { as: BOB, missing: 'refuse' })
    expect((await send(await bob.open(durable('kept'), patience()), 'x')).map(told)).toEqual(['done'])
  })

  it('publish live', async () => {
    const node = await server(users({ publish: ['seen.>', '$JS.API.STREAM.INFO.>'], subscribe: ['_INBOX.>'] }))
    const bob = await dial(node.endpoint, { as: BOB })
    expect((await send(await bob.open(live('seen'), patience()), 'x')).map(told)).toEqual(['done'])
  })
})
