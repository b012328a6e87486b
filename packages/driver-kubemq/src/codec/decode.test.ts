import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventReceive, QueuesDownstreamResponse } from '../proto/kubemq.js'
import { decodeDownstream, decodeEvent } from './decode.js'

const text = fc.oneof(fc.string({ maxLength: 100 }), fc.string({ unit: 'grapheme', maxLength: 100 }))
const body = fc.constantFrom(0, 1, 127, 128, 300).map((length) => Buffer.alloc(length, 7))
const tags = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true })
const long = fc.oneof(fc.bigInt({ min: 0n, max: 1_000n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
const signed = fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
const int = fc.integer()
const event: fc.Arbitrary<EventReceive> = fc.record({
  eventId: text,
  channel: text,
  metadata: text,
  body,
  timestamp: signed,
  sequence: long,
  tags,
})
const attributes = fc.record({
  timestamp: signed,
  sequence: long,
  md5OfBody: text,
  receiveCount: int,
  reRouted: fc.boolean(),
  reRoutedFromQueue: text,
  expirationAt: signed,
  delayedTo: signed,
})
const policy = fc.record({ expirationSeconds: int, delaySeconds: int, maxReceiveCount: int, maxReceiveQueue: text })
const message = fc.record({
  messageId: text,
  // Those of one answer are mostly alike.
  clientId: fc.oneof(fc.constant('client-1'), text),
  channel: fc.oneof(fc.constant('jobs'), text),
  metadata: text,
  body,
  tags,
  attributes: fc.option(attributes, { freq: 9, nil: undefined }),
  policy: fc.option(policy, { freq: 1, nil: undefined }),
})
const downstream: fc.Arbitrary<QueuesDownstreamResponse> = fc.record({
  transactionId: text,
  refRequestId: text,
  requestTypeData: fc.constantFrom<QueuesDownstreamResponse['requestTypeData'][]>(1, 2, 8),
  messages: fc.array(message, { maxLength: 3 }),
  activeOffsets: fc.oneof({ weight: 4, arbitrary: fc.constant<bigint[]>([]) }, fc.array(signed, { maxLength: 3 })),
  isError: fc.boolean(),
  error: text,
  transactionComplete: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.boolean()),
  metadata: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, tags),
})

describe('what is decoded by hand', () => {
  it('is the event that was encoded', () => {
    fc.assert(
      fc.property(event, (one) => {
        expect(plain(decodeEvent(Buffer.from(EventReceive.encode(one).finish())))).toEqual(plain(one))
      }),
    )
  })

  it('is the answer with its messages that was encoded, those with rare fields too', () => {
    fc.assert(
      fc.property(downstream, (one) => {
        const bytes = Buffer.from(QueuesDownstreamResponse.encode(one).finish())
        expect(plain(decodeDownstream(bytes))).toEqual(plain(one))
      }),
    )
  })

  it('is refused where the generated code refuses it: when it is cut off anywhere but between two fields', () => {
    fc.assert(
      fc.property(event, downstream, fc.nat(), (one, answer, at) => {
        const some = EventReceive.encode(one).finish()
        const short = Buffer.from(some.subarray(0, at % (some.length + 1)))
        expect(outcome(() => decodeEvent(short))).toEqual(outcome(() => EventReceive.decode(short)))
        const all = QueuesDownstreamResponse.encode(answer).finish()
        const cut = Buffer.from(all.subarray(0, at % (all.length + 1)))
        expect(outcome(() => decodeDownstream(cut))).toEqual(outcome(() => QueuesDownstreamResponse.decode(cut)))
      }),
    )
  })

  it('leaves a field that no server sent yet to the generated code, which passes over it', () => {
    const known = EventReceive.encode(EventReceive.create({ eventId: 'a', channel: 'b' })).finish()
    // Field 15, a number.
    const newer = Buffer.from([...known, 0o170, 1])
    expect(plain(decodeEvent(newer))).toEqual(plain(EventReceive.decode(known)))
  })
})

/** Bytes are a buffer, or an array: what counts is what is in them. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
}

function outcome(decode: () => unknown): unknown {
  try {
    return plain(decode())
  } catch {
    return 'refused'
  }
}
