import { expect, it } from 'vitest'
import { ackInfo } from './ack.js'

it.each([
  ['$JS.ACK.quotes.reader.3.45.7.1795330957753253589.2'],
  ['$JS.ACK.hub.acchash.quotes.reader.3.45.7.1795330957753253589.2'],
  ['$JS.ACK._.acchash.quotes.reader.3.45.7.1795330957753253589.2.random'],
])('reads %s', (reply) => {
  const expected = { delivered: 3, streamSeq: 45, consumerSeq: 7, timeMs: 1_795_330_957_753, pending: 2 }
  expect(ackInfo(reply)).toEqual(expected)
})
