import { setTimeout as elapse } from 'node:timers/promises'
import type { EngineNode } from '@spanwire/testkit/engines'
import { afterEach, expect, it } from 'vitest'
import { withKafka } from './rig/java.js'
import { asAdmin } from './rig/plain.js'
import { siteOf } from './rig/site.js'
import { dial, durable, FLOW, patience, send, textOf, told } from './rig/talk.js'

/** Brokers of tests are fenced after 3 s; what is published before that waits or is refused, and is published again. */
const RECOVERY_MS = 12_000
const site = siteOf({ nodes: 3 })

afterEach(() => {
  for (const node of site().nodes) node.heal()
})

/** The broker that leads the only partition of that topic. */
async function leaderOf(topic: string): Promise<EngineNode> {
  const leader = await asAdmin(site().endpoints, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions[0]?.leader
  })
  const node = site().nodes[(leader ?? 0) - 1]
  if (node === undefined) throw new Error(`broker ${leader} is none of ours`)
  return node
}

withKafka('a partition whose leader stops', () => {
  it.each(['hangs', 'dies'] as const)(
    'goes on within seconds under another one when it %s, nothing lost or doubled',
    async (how) => {
      const { endpoints } = site()
      const spec = durable()
      const link = await dial(endpoints, { driver: { partitions: 1 } })
      const channel = await link.open(spec, patience())
      const reception = await channel.receive({}, FLOW, patience())
      const got: string[] = []
      const reading = (async () => {
        for (let batch = await reception.next(); batch; batch = await reception.next())
          got.push(...batch.deliveries.map(textOf))
      })()
      expect((await send(channel, 'before')).map(told)).toEqual(['done'])
      const leader = await leaderOf(spec.name)
      if (how === 'hangs') leader.hang()
      else await leader.kill()
      const since = performance.now()
      let tries = 0
      let isDone = false
      const maybe: string[] = []
      while (!isDone && performance.now() - since < RECOVERY_MS) {
        tries += 1
        const body = `try ${tries}`
        const outcomes = await Promise.race([send(channel, body), elapse(2_000, [])])
        isDone = outcomes[0]?.outcome === 'done'
        if (!isDone) maybe.push(body)
        if (!isDone) await elapse(100)
      }
      expect(isDone).toBe(true)
      await expect.poll(() => got.includes(`try ${tries}`), { timeout: RECOVERY_MS }).toBe(true)
      expect(got.filter((text) => !maybe.includes(text))).toEqual(['before', `try ${tries}`])
      expect(new Set(got).size).toBe(got.length)
      await reception.stop(patience())
      await reading
      leader.heal()
      if (how === 'dies') await leader.restart()
    },
    90_000,
  )
})
