import { setTimeout as elapse } from 'node:timers/promises'
import type { EngineNode } from '@spanwire/testkit/engines'
import { afterEach, expect, it } from 'vitest'
import { durable, FLOW, patience, queue } from '../../driver/test/talk.js'
import { metadata } from '../src/port/protocol/requests.js'
import { dial } from './rig/dial.js'
import { withKafka } from './rig/java.js'
import { Load } from './rig/load.js'
import { ask, leaderAt } from './rig/raw.js'
import { dealRoles, makeTopic, type Roles } from './rig/roles.js'
import { siteOf } from './rig/site.js'

/** What we may take beyond the time that brokers take to do without one of them. */
const OURS_MS = 1_500
/** Beyond that they do not do without it at all. */
const THEIRS_MS = 20_000
const site = siteOf({ nodes: 3 })

afterEach(async () => {
  for (const node of site().nodes) node.heal()
  await Promise.all(site().nodes.map(async (node) => (node.state === 'down' ? await node.restart() : undefined)))
}, 120_000)

const cases = (['leader', 'coordinator', 'controller'] as const).flatMap((role) =>
  (['dies', 'hangs'] as const).map((how) => [role, how] as const),
)

withKafka('a cluster of three', () => {
  it.each(cases)(
    'goes on without its %s that %s as soon as the brokers do: nothing is lost or doubled',
    async (role, how) => {
      const roles = await dealRoles(site())
      const [spec, jobs] = [durable(), queue()]
      for (const { name } of [spec, jobs]) await makeTopic(site(), name, roles.leader)
      const link = await dial(site().endpoints, { driver: { partitions: 1 } })
      const [topic, work] = [await link.open(spec, patience()), await link.open(jobs, patience())]
      const read = new Load(topic, await topic.receive({}, FLOW, patience()), 'read')
      const settled = new Load(work, await work.receive({}, FLOW, patience()), 'settled')
      await expect
        .poll(() => Math.min(read.came.length, settled.came.length), { timeout: THEIRS_MS })
        .toBeGreaterThan(20)
      const since = performance.now()
      const victim = roles[role]
      if (how === 'hangs') victim.hang()
      else await victim.kill()
      await doWithout(victim, { roles, topics: [spec.name, jobs.name, '__consumer_offsets'] })
      const theirsMs = performance.now() - since
      await elapse(2 * OURS_MS)
      await Promise.all([read, settled].map((load) => load.end(patience(THEIRS_MS))))
      const gaps = [read, settled].flatMap((load) => [
        load.longestGapMs('sent', since),
        load.longestGapMs('came', since),
      ])
      const [publish, see, send, settle] = gaps.map(Math.round)
      console.log(
        `${role} ${how}: brokers ${Math.round(theirsMs)} ms; ${JSON.stringify({ publish, see, send, settle })}`,
      )
      expect(Math.max(...gaps)).toBeLessThan(theirsMs + OURS_MS)
      expect([...read.lost(), ...settled.lost()]).toEqual([])
      expect([...read.doubled(), ...settled.doubled()]).toEqual([])
      expect(settled.unflagged()).toEqual([])
    },
    120_000,
  )
})

/** Resolves when the others have agreed to do without that one: it leads nothing of these, and nobody waits for its copies. */
async function doWithout(
  victim: EngineNode,
  of: { readonly roles: Roles; readonly topics: readonly string[] },
): Promise<void> {
  const { nodes } = site()
  const id = nodes.indexOf(victim) + 1
  const other = nodes.find((node) => node !== victim)?.endpoint ?? ''
  const isOut = async (topic: string): Promise<boolean> => {
    const told = await ask(other, metadata([topic], 0))
    const inSync = told?.topics[0]?.partitions[0]?.inSync ?? nodes.length
    const leader = await leaderAt(other, topic)
    return leader !== undefined && leader !== id && inSync < nodes.length
  }
  for (const until = performance.now() + THEIRS_MS; ; await elapse(20)) {
    const out = await Promise.all(of.topics.map(isOut))
    if (out.every((is) => is)) return
    if (performance.now() > until) throw new Error(`the brokers still wait for ${victim.name}`)
  }
}
