import { expect, it } from 'vitest'
import { patience, rpc, send, sending, told } from '../../driver/test/talk.js'
import { fresh, linkTo, server } from './rig/link.js'

it('requests that nobody answers in time leave the link alone, however many end at once', async () => {
  const { endpoint } = await server()
  const link = await linkTo(endpoint)
  const channel = await link.open(rpc(fresh('prices')), patience())
  // More streams than may be reset in a moment before an HTTP/2 server that follows nghttp2 ends the connection.
  const ttlMs = 500
  const requests = sending(channel, ...Array.from({ length: 1_500 }, (_, at) => ({ body: String(at), ttlMs })))
  // As the caller does: when their time is over, or a moment before that.
  const end = setTimeout(() => requests.cancel(), ttlMs - 10)
  const outcomes = await requests.all
  clearTimeout(end)
  expect([...new Set(outcomes.map(({ outcome }) => outcome))]).toEqual(['unknown'])
  await link.probe(patience())
  const [last] = await send(channel, { body: 'one more', ttlMs })
  expect(told(last)).toBe('unknown outcome-unknown')
})
