import { expect, it } from 'vitest'
import { durable, patience } from '../../driver/test/talk.js'
import { faulty, fresh, linkTo, numbered, pull, sendAll, WIDE } from './rig/link.js'

it('a reader from now on is not given what its own link had published, though the server stores it later than it answers', async () => {
  const spec = durable(fresh('ticks'))
  const { endpoint } = await faulty({ storesAfterMs: 100 })
  const link = await linkTo(endpoint)
  const channel = await link.open(spec, patience())
  // A last event proves an attachment at once.
  const first = await channel.receive({}, WIDE, patience())
  await sendAll(link, spec, numbered(1))
  expect(await pull(first, 1)).toEqual(['0'])

  await sendAll(link, spec, numbered(5, 1))
  const reader = await channel.receive({}, WIDE, patience())
  await sendAll(link, spec, numbered(2, 6))
  expect(await pull(reader, 2)).toEqual(['6', '7'])
})
