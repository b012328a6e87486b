import { type ClientEvent, json, rpc, type StandardSchema } from '@spanwire/core'
import { expect, it } from 'vitest'
import { eventually } from '../../driver/test/eventually.js'
import { healthy, leadElsewhere } from './rig/cluster.js'
import { streamOf } from './rig/names.js'
import { flaws, publishing, reading, ticks } from './rig/traffic.js'
import { twoSites } from './rig/two-sites.js'

const numbers = json as StandardSchema<{ n: number }>
const price = rpc('prices', numbers, numbers)

it('a server in lame duck mode is left for another one of its cluster: no failed operation, no move to another site, nothing lost, doubled or out of order', {
  timeout: 120_000,
}, async () => {
  const { a, client } = await twoSites(3)
  const one = client()
  const reader = client()
  const events: ClientEvent[] = []
  void (async () => {
    for await (const event of one.watch()) events.push(event)
  })()
  reader.respond(price, ({ n }) => ({ n }))
  const subscription = reader.subscribe(ticks)
  await subscription.ready
  const read = reading(subscription)
  const site = () => one.status().sites.find(({ name }) => name === 'a')
  await eventually('we have a connection', async () => site()?.state === 'up', 10_000)
  const before = site()?.endpoint
  const ours = a.nodes.find(({ endpoint }) => endpoint === before)
  if (ours === undefined) throw new Error(`no node at ${before}`)
  await healthy(a)
  // What it leads would need an election, whoever talks to it.
  await leadElsewhere(a, streamOf(ticks.spec), ours)
  const sent = publishing(one)
  await sent.until(500)
  let n = 0
  let isOver = false
  const asking = (async () => {
    while (!isOver) await one.request(price, { n: ++n })
  })()
  asking.catch(() => undefined)
  ours.lameDuck()
  await eventually('another node serves us', async () => site()?.state === 'up' && site()?.endpoint !== before, 10_000)
  await sent.until(sent.acked() + 1_000)
  isOver = true
  await asking
  const last = await sent.stop()
  await read.upTo(last)
  expect(flaws(read.got, last)).toEqual({})
  expect(n).toBeGreaterThan(10)
  const moves = events.filter(({ type }) => type === 'moved' || type === 'failover')
  expect(moves).toEqual([])
})
