import { type Client, createClient, json, type StandardSchema, topic } from '@spanwire/core'
import { websocket } from '@spanwire/driver-websocket'
import type { Relay } from '@spanwire/testkit/network'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { relayedGateway } from './relayed-gateway.js'

const here = { environment: 'on-prem' } as const
const notes = topic('notes.{n}', json as StandardSchema<{ n: number }>, { delivery: 'durable' })

/** A gateway behind a relay that knows its frames, and a client before it. */
async function line(): Promise<{ relay: Relay; client: Client }> {
  const relay = await relayedGateway({ protocol: 'gateway' })
  const client = createClient({
    here,
    sites: { a: { location: here, driver: websocket({ WebSocket }), endpoints: [`127.0.0.1:${relay.port}`] } },
  })
  onTestFinished(() => client.close({ timeout: '200ms' }))
  return { relay, client }
}

/** What a subscriber is given until the message with this number. */
async function readTo(
  client: Client,
  last: number,
): Promise<{ readonly ready: Promise<void>; all(): Promise<number[]> }> {
  const subscription = client.subscribe(notes)
  return {
    ready: subscription.ready,
    async all() {
      const seen: number[] = []
      for await (const { value } of subscription) {
        seen.push(value.n)
        if (value.n === last) break
      }
      return seen
    },
  }
}

describe('a rule for frames of the gateway protocol', () => {
  it('drops one acknowledgement: the message is sent again, and given once', async () => {
    const { client, relay } = await line()
    const reader = await readTo(client, 2)
    await reader.ready
    const rule = relay.rule('back', { op: 'done', nth: 1, action: 'drop' })
    const first = client.publish(notes, { n: 1 })
    await rule.first
    expect(await first).toMatchObject({ sites: ['a'] })
    await client.publish(notes, { n: 2 })
    expect(await reader.all()).toEqual([1, 2])
    expect(rule.applied).toBe(1)
  })

  it('duplicates a send: the message is given once', async () => {
    const { client, relay } = await line()
    const reader = await readTo(client, 2)
    await reader.ready
    const rule = relay.rule('there', { op: 'send', nth: 1, action: 'duplicate' })
    await client.publish(notes, { n: 1 })
    await client.publish(notes, { n: 2 })
    expect(await reader.all()).toEqual([1, 2])
    expect(rule.applied).toBe(1)
  })

  it('delays what it means, and what comes behind', async () => {
    const { client, relay } = await line()
    await client.publish(notes, { n: 1 })
    const rule = relay.rule('back', { op: 'done', nth: 1, action: { delayMs: 300 } })
    const began = performance.now()
    await client.publish(notes, { n: 2 })
    expect(performance.now() - began).toBeGreaterThanOrEqual(299)
    rule.remove()
    await client.publish(notes, { n: 3 })
    expect(rule.applied).toBe(1)
  })
})
