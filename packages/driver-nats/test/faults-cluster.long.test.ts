import { describe, it } from 'vitest'
import { healthy, leadElsewhere } from './rig/cluster.js'
import { streamOf } from './rig/names.js'
import { ticks } from './rig/traffic.js'
import { firstOf, twoSites, underTraffic } from './rig/two-sites.js'

describe('in a cluster nothing that was acknowledged is lost, doubled or out of order', { timeout: 120_000 }, () => {
  it('when one node is killed: the one we talk to, then the one that leads the stream', async () => {
    const sites = await twoSites(3)
    await underTraffic(sites, async (more) => {
      await more(500)
      const ours = firstOf(sites.a)
      const leader = await leadElsewhere(sites.a, streamOf(ticks.spec), ours)
      await ours.kill()
      await more(500)
      await ours.restart()
      await leader.kill()
      await more(500)
      await leader.restart()
      await healthy(sites.a)
    })
  })

  it('when all nodes of a site are killed at once and come back', async () => {
    const sites = await twoSites(3)
    const { nodes } = sites.a
    await underTraffic(sites, async (more) => {
      await more(500)
      await Promise.all(nodes.map((node) => node.kill()))
      await more(500)
      await Promise.all(nodes.map((node) => node.restart()))
      await healthy(sites.a)
      await more(500)
    })
  })
})
