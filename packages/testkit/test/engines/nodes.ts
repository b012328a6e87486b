import { expect } from 'vitest'
import { eventually } from '../../src/conformance/wait.js'
import type { EngineNode, EngineSite, Engines } from '../../src/engines/index.js'
import { Wire } from './wire.js'

/** An election of a loaded cluster takes 4 to 9 s, and a test may need two. */
export const ELECTION_MS = 60_000

export function siteOf(engines: Engines): EngineSite {
  const site = engines.sites[0]
  if (site === undefined) throw new Error('no site')
  return site
}

export function nodeOf(engines: Engines, index = 0): EngineNode {
  const node = siteOf(engines).nodes[index]
  if (node === undefined) throw new Error(`no node ${index}`)
  return node
}

/** Makes the stream KEPT and stores three messages. */
export async function store(node: EngineNode, replicas: number): Promise<void> {
  const wire = await Wire.to(node.endpoint)
  const made = await wire.request('$JS.API.STREAM.CREATE.KEPT', {
    name: 'KEPT',
    subjects: ['kept'],
    num_replicas: replicas,
  })
  expect(made['error']).toBeUndefined()
  // The other nodes hear of a new stream's subject a moment after it is made.
  await eventually('the stream takes one', async () => (await wire.request('kept', 'body'))['seq'] === 1, ELECTION_MS)
  for (const seq of [2, 3]) expect((await wire.request('kept', 'body'))['seq']).toBe(seq)
}
