import { setTimeout as elapse } from 'node:timers/promises'
import type { Link } from '@spanwire/driver'
import type { EngineNode } from '@spanwire/testkit/engines'
import type { Relay } from '@spanwire/testkit/network'
import { describe, expect, it } from 'vitest'
import { eventually } from '../../driver/test/eventually.js'
import { stop } from '../../driver/test/stop.js'
import {
  durable,
  FLOW,
  live,
  PATIENCE_MS,
  patience,
  queue,
  refusal,
  rpc,
  sending,
  told,
} from '../../driver/test/talk.js'
import { dial } from './rig/dial.js'
import { at, relayTo } from './rig/relayed.js'
import { server } from './rig/server.js'
import { settling } from './rig/settle.js'

/** nats.js leaves flush, rtt, drain and bare requests open for ever when a connection closes, and ends iterators as if all were well. */

interface Stage {
  readonly node: EngineNode
  readonly relay: Relay
  readonly link: Link
}

const endings: readonly {
  readonly by: string
  readonly end: (stage: Stage) => unknown
  readonly ours?: true
  readonly says?: RegExp
}[] = [
  { by: 'SIGKILL', end: ({ node }) => node.kill() },
  { by: 'SIGTERM', end: ({ node }) => node.terminate() },
  { by: 'a reset', end: ({ relay }) => relay.cut() },
  {
    by: 'garbage from the server',
    end: ({ relay }) => relay.inject(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
    says: /not its protocol/,
  },
  { by: 'our own close', end: ({ link }) => link.close(patience(500)), ours: true },
  { by: 'our own close without patience', end: ({ link }) => link.close(AbortSignal.abort()), ours: true },
]

describe('a link that ends settles everything that waits on it', () => {
  it.each(endings)('by $by', async ({ end, ours, says = /./ }) => {
    const node = await server()
    const relay = await relayTo(node)
    const link = await dial(at(relay))
    const channel = await link.open(durable('kept'), patience())
    const answers = await link.open(rpc('asked'), patience())
    const receptions = [
      await channel.receive({}, FLOW, patience()),
      await (await link.open(live('seen'), patience())).receive({}, FLOW, patience()),
      await (await link.open(queue('work'), patience())).receive({}, FLOW, patience()),
      await answers.receive({}, FLOW, patience()),
    ]
    // Whoever is asked has it and does not answer; what is sent from here on the server has no time to answer.
    const request = sending(answers, 'who?')
    await receptions[3]?.next()
    await stop(node)
    const publish = sending(channel, 'kept')
    const waits: Record<string, Promise<unknown>> = {
      probe: link.probe(patience()),
      'channel probe': channel.probe(patience()),
      open: link.open(durable('another'), patience()),
      receive: channel.receive({}, FLOW, patience()),
      request: request.all,
      publish: publish.all,
    }
    for (const [number, reception] of receptions.entries()) waits[`next ${number}`] = upToTheEnd(reception)
    const settled = settling(waits)
    if (!ours) node.heal()
    await end({ node, relay, link })
    const last = await link.ended
    const states = await settled(500)
    expect(Object.entries(states).filter(([, state]) => state === 'open')).toEqual([])
    expect(states).toMatchObject({
      'next 0': 'resolved',
      'next 1': 'resolved',
      'next 2': 'resolved',
      'next 3': 'resolved',
    })
    expect(last).toMatchObject(ours ? { by: 'us' } : { by: 'engine', error: { message: expect.stringMatching(says) } })
    expect(told(request.outcomes[0])).toBe('unknown outcome-unknown')
    if (ours) node.heal()
  })

  it('a reception that ends with its link has said so before: its link ended', async () => {
    const node = await server()
    const link = await dial(node.endpoint)
    const reception = await (await link.open(durable('kept'), patience())).receive({}, FLOW, patience())
    const order: string[] = []
    const over = Promise.all([
      upToTheEnd(reception).then(() => order.push('reception')),
      link.ended.then(({ by }) => order.push(`link ended by ${by}`)),
    ])
    await node.kill()
    await over
    expect(order).toEqual(['reception', 'link ended by engine'])
  })
})

describe('a server that hangs', () => {
  it('with our bytes unsent before it still lets go of us at once', async () => {
    const node = await server()
    const relay = await relayTo(node)
    const link = await dial(at(relay))
    const channel = await link.open(live('heavy'), patience())
    await stop(node)
    relay.hang()
    const body = new Uint8Array(512 << 10)
    const all = sending(channel, ...Array.from({ length: 64 }, () => ({ body })))
    await elapse(50)
    const since = performance.now()
    await link.close(AbortSignal.timeout(200))
    expect(performance.now() - since).toBeLessThan(1_000)
    await all.all
    expect(await link.ended).toEqual({ by: 'us' })
    await eventually('no socket is left', async () => openSockets(relay.port) === 0, PATIENCE_MS)
    node.heal()
  })

  it('takes a bounded part of our memory: what is beyond is refused as overloaded', async () => {
    const node = await server()
    const link = await dial(node.endpoint)
    const channel = await link.open(live('heavy'), patience())
    await stop(node)
    const body = new Uint8Array(1 << 19)
    const sends = Array.from({ length: 512 }, () => sending(channel, { body }))
    const refused = sends.map(({ outcomes: [outcome] }) => outcome).filter((outcome) => outcome !== undefined)
    expect(refused.length).toBeGreaterThan(0)
    expect(new Set(refused.map(told))).toEqual(new Set(['unsent overloaded']))
    for (const one of sends) one.cancel()
    node.heal()
  })

  it('is not dialled for longer than we ask, and ten dials leave nothing', async () => {
    const node = await server()
    const relay = await relayTo(node)
    await stop(node)
    const dials = Array.from({ length: 10 }, () => refusal(dial(at(relay), { signal: AbortSignal.timeout(200) })))
    for (const error of await Promise.all(dials)) expect(['timeout', 'canceled']).toContain(error.code)
    await eventually('no connection is left', async () => relay.connections === 0, PATIENCE_MS)
    node.heal()
    await (await dial(at(relay))).probe(patience())
    expect(relay.connections).toBe(1)
  })

  it('after its greeting leaves no socket either', async () => {
    const node = await server()
    let greetings = 0
    // The handshake begins and never ends.
    const relay = await relayTo(node, {
      rewrite: (chunk) => {
        const text = chunk.toString('latin1')
        if (text.startsWith('INFO ')) greetings += 1
        return Buffer.from(text.replaceAll('PONG\r\n', ''), 'latin1')
      },
    })
    const dials = Array.from({ length: 10 }, () => refusal(dial(at(relay), { signal: AbortSignal.timeout(300) })))
    for (const error of await Promise.all(dials)) expect(['timeout', 'canceled']).toContain(error.code)
    expect(greetings).toBeGreaterThanOrEqual(10)
    await eventually('no connection is left', async () => relay.connections === 0, PATIENCE_MS)
  })
})

/** Pulls until the reception is over. */
async function upToTheEnd(reception: { next(): Promise<unknown> }): Promise<void> {
  while ((await reception.next()) !== undefined);
}

/** Sockets of this process to that port. */
function openSockets(port: number): number {
  // Not public; there is no other way to see sockets that a library has lost.
  const { _getActiveHandles } = process as unknown as { _getActiveHandles(): { readonly remotePort?: number }[] }
  return _getActiveHandles.call(process).filter(({ remotePort }) => remotePort === port).length
}
