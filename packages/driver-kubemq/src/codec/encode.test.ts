import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Event, QueuesUpstreamRequest } from '../proto/kubemq.js'
import { encodeEvent, encodeUpstream } from './encode.js'

const text = fc.oneof(fc.string({ maxLength: 100 }), fc.string({ unit: 'grapheme', maxLength: 100 }))
// Lengths about which a length takes one byte more.
const body = fc.constantFrom(0, 1, 60, 127, 128, 16_000, 16_383, 16_384).map((length) => new Uint8Array(length).fill(7))
const tags = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true })
const common = { clientId: text, channel: text, metadata: text, body, tags }
const event: fc.Arbitrary<Event> = fc.record({ ...common, eventId: text, store: fc.boolean() })
const policy = fc.constant({ expirationSeconds: 1, delaySeconds: 2, maxReceiveCount: 0, maxReceiveQueue: '' })
const message = fc.record({
  ...common,
  messageId: text,
  attributes: fc.constant(undefined),
  policy: fc.option(policy, { freq: 9, nil: undefined }),
})
const upstream: fc.Arbitrary<QueuesUpstreamRequest> = fc.record({
  requestId: text,
  messages: fc.array(message, { maxLength: 5 }),
})

describe('what is encoded by hand', () => {
  it('is byte for byte what the generated code makes of an event', () => {
    fc.assert(
      fc.property(event, (one) => {
        expect(encodeEvent(one).equals(Event.encode(one).finish())).toBe(true)
      }),
    )
  })

  it('is byte for byte what the generated code makes of messages to queues', () => {
    fc.assert(
      fc.property(upstream, (one) => {
        expect(encodeUpstream(one).equals(QueuesUpstreamRequest.encode(one).finish())).toBe(true)
      }),
    )
  })
})
