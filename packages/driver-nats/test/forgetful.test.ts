import { expect, it } from 'vitest'
import { FLOW, patience, pull, queue, send, textOf } from '../../driver/test/talk.js'
import { dial } from './rig/dial.js'
import { server } from './rig/server.js'

/** Shorter than the test's patience: what a killed server remembers that it gave comes again when its lease is over. */
const LEASE_MS = 2_000
const JOBS = Array.from({ length: 20 }, (_, at) => `before ${at}`)

it('tells of jobs that a killed server gave and forgot that they come again, to whoever comes after', async () => {
  const node = await server()
  const spec = queue('orders', LEASE_MS)
  const open = async () => (await dial(node.endpoint)).open(spec, patience())
  const before = await open()
  const worker = await before.receive({}, FLOW, patience())
  // One after the other: what it gives in one burst with the first is stored with that.
  for (const job of JOBS) {
    await send(before, job)
    expect(await pull(worker, 1)).toMatchObject([{ attempt: 1 }])
  }
  await node.kill()
  await node.restart()
  const [one, others] = [await open(), await open()]
  const again = await pull(await one.receive({}, { messages: 1, bytes: 1 << 20 }, patience()), 1)
  // The server counts again by now: this one knows of the restart by what the first has noted.
  const reception = await others.receive({}, FLOW, patience())
  again.push(...(await pull(reception, JOBS.length - 1)))
  expect(again.map(textOf).sort()).toEqual(JOBS.toSorted())
  expect(again.filter(({ attempt }) => attempt < 2).map(textOf)).toEqual([])
  await send(others, 'after')
  const [last] = await pull(reception, 1)
  expect(last).toMatchObject({ attempt: 1 })
  expect(last && textOf(last)).toBe('after')
})
