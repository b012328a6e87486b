import type { Channel } from '@spanwire/driver'
import { type MemoryEngine, memory } from '@spanwire/driver-memory'
import { expect, it, onTestFinished } from 'vitest'
import { all, type Client, json, table, topic } from '../src/index.js'
import { twoSites } from './two-sites.js'

const board = topic('board.{key}', json, { delivery: 'durable', latest: true })

/** Writes past every client, as a program that knows nothing of us. */
async function stranger(engine: MemoryEngine): Promise<(path: string, id: string, body: string) => Promise<void>> {
  const link = await memory(engine).connect(
    ['memory'],
    { client: 'stranger', nonce: 'S'.repeat(16), missing: 'create', credentials: async () => ({ by: 'none' }) },
    AbortSignal.timeout(5_000),
  )
  onTestFinished(() => link.close(AbortSignal.abort()))
  const channel: Channel = await link.open(board.spec, AbortSignal.timeout(5_000))
  return (path, id, body) =>
    new Promise((resolve, reject) =>
      channel.send([{ path, id, body }], (_, { outcome }) => (outcome === 'done' ? resolve() : reject(outcome))),
    )
}

async function shows(client: Client, paths: readonly string[]) {
  const rows = table(client, board)
  for await (const _ of rows.changes()) if (paths.every((path) => rows.get(path))) return rows
  throw new Error('the table ended')
}

it('keeps the entry when another site brings a copy of what is there, ours or a stranger’s', async () => {
  const { a, b, client } = twoSites({ policy: all() })
  const [atA, atB] = await Promise.all([stranger(a), stranger(b)])
  const [own, foreign] = [`${'P'.repeat(16)}-1.7.1000`, 'theirs-1']
  await atA('own', own, '1')
  await atA('foreign', foreign, '2')
  const rows = await shows(client(), ['own', 'foreign'])
  const before = ['own', 'foreign'].map((path) => rows.get(path))
  await atB('own', own, '1')
  await atB('foreign', foreign, '2')
  await atB('end', 'theirs-2', '3')
  for await (const _ of rows.changes()) if (rows.get('end')) break
  expect(before.map((entry) => entry?.value)).toEqual([1, 2])
  for (const entry of before) expect(rows.get(entry?.path ?? '')).toBe(entry)
})
