import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isLeft, isOurs, linkOf, type SessionEvent, type SessionState, spareOf } from './state.js'
import { stepCases } from './step.cases.js'
import { STABLE_MS, step } from './step.js'
import { badCertificate, busy, denied, gone, otherLink, someLink } from './step.samples.js'

describe('a session', () => {
  it.each(stepCases)('$name', ({ state, event, becomes }) => {
    const next = step(state, event)
    if (becomes === 'same') expect(next).toBe(state)
    else expect(next).toEqual(becomes)
  })
})

/** What may follow what: nothing that the table does not name. */
function isNamed(from: SessionState, to: SessionState): boolean {
  if (from.at === to.at) return true
  return stepCases.some(({ state, becomes }) => becomes !== 'same' && state.at === from.at && becomes.at === to.at)
}

const chance = fc.double({ min: 0, max: 0.999, noNaN: true })
const error = fc.constantFrom(gone, denied, badCertificate, busy)
const link = fc.constantFrom(someLink, otherLink)

/** Events as they may come, with the time that passed since the one before. */
const history = fc.array(
  fc.record({
    passedMs: fc.oneof(fc.nat(2_000), fc.nat(60_000)),
    event: fc.oneof(
      { weight: 1, arbitrary: fc.constant((at: number): SessionEvent => ({ on: 'start', at })) },
      { weight: 3, arbitrary: fc.constant((at: number): SessionEvent => ({ on: 'retry', at })) },
      {
        weight: 3,
        arbitrary: link.map((it) => (at: number): SessionEvent => {
          return { on: 'connected', at, link: it, endpoint: 'a', rttMs: 1 }
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ error, chance }).map(
          (it) =>
            (at: number): SessionEvent => ({ on: 'failed', at, ...it }),
        ),
      },
      {
        weight: 3,
        arbitrary: fc.record({ error, chance }).map(
          (it) =>
            (at: number): SessionEvent => ({ on: 'lost', at, ...it }),
        ),
      },
      { weight: 1, arbitrary: fc.constant((): SessionEvent => ({ on: 'measured', rttMs: 2 })) },
      {
        weight: 1,
        arbitrary: fc.nat(2_500).map(
          (ms) =>
            (at: number): SessionEvent => ({ on: 'silent', since: at - ms }),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.option(link).map(
          (it) => (): SessionEvent => ({
            on: 'spare',
            spare: it ? { link: it, endpoint: 'b', rttMs: 1 } : undefined,
          }),
        ),
      },
      { weight: 1, arbitrary: fc.constant((at: number): SessionEvent => ({ on: 'heard', at })) },
      { weight: 1, arbitrary: fc.constant((at: number): SessionEvent => ({ on: 'left', at })) },
      { weight: 3, arbitrary: fc.constant((at: number): SessionEvent => ({ on: 'proved', at })) },
      {
        weight: 1,
        arbitrary: chance.map(
          (it) =>
            (at: number): SessionEvent => ({ on: 'awaited', at, chance: it }),
        ),
      },
      { weight: 1, arbitrary: fc.constant((): SessionEvent => ({ on: 'suspend' })) },
      {
        weight: 1,
        arbitrary: fc
          .boolean()
          .map((moving) => (): SessionEvent => ({ on: 'drain', notice: { reason: 'leaving' }, moving })),
      },
    ),
  }),
  { maxLength: 60 },
)

interface Transition {
  readonly from: SessionState
  readonly to: SessionState
  readonly at: number
}

function play(events: readonly { readonly passedMs: number; readonly event: (at: number) => SessionEvent }[]) {
  const transitions: Transition[] = []
  let at = 0
  let from: SessionState = step({ at: 'idle' }, { on: 'start', at })
  for (const { passedMs, event } of events) {
    at += passedMs
    const to = step(from, event(at))
    if (to !== from) transitions.push({ from, to, at })
    from = to
  }
  return transitions
}

describe('whatever happens, a session', () => {
  it('makes no transition but those of the table', () => {
    fc.assert(
      fc.property(history, (events) => {
        for (const { from, to } of play(events)) expect(isNamed(from, to), `${from.at} -> ${to.at}`).toBe(true)
      }),
    )
  })

  it('starts its attempts over only after a link that lasted 30 s', () => {
    fc.assert(
      fc.property(history, (events) => {
        for (const { from, to, at } of play(events)) {
          if (!('attempt' in from) || !('attempt' in to)) continue
          if ('since' in from && linkOf(from) && to.at === 'waiting' && at - from.since >= STABLE_MS) {
            expect(to.attempt).toBe(0)
          } else expect(to.attempt - from.attempt).toBe('retryAt' in from && to.at === 'dialing' ? 1 : 0)
        }
      }),
    )
  })

  it('waits 50 ms at least from the second failure on, 30 s and the engine’s wish at most', () => {
    fc.assert(
      fc.property(history, (events) => {
        for (const { from, to, at } of play(events)) {
          // A wait that is cut short may be over at once.
          if (!('retryAt' in to) || from.at === 'waiting') continue
          const floor = to.at === 'disabled' ? 15_000 : to.attempt > 1 ? 50 : 0
          expect(to.retryAt - at).toBeGreaterThanOrEqual(floor)
          expect(to.retryAt - at).toBeLessThanOrEqual(30_000 + (to.cause.retryAfterMs ?? 0))
        }
      }),
    )
  })

  it('waits 5 s and the engine’s wish at most for a site that is awaited, and no longer than before', () => {
    fc.assert(
      fc.property(history, chance, fc.nat(60_000), (events, dice, passedMs) => {
        for (const { to, at } of play(events)) {
          if (to.at !== 'waiting') continue
          const after = step(to, { on: 'awaited', at: at + passedMs, chance: dice })
          expect('retryAt' in after && after.retryAt).toBeLessThanOrEqual(to.retryAt)
          expect('retryAt' in after && after.retryAt - at - passedMs).toBeLessThanOrEqual(
            5_000 + (to.cause.retryAfterMs ?? 0),
          )
        }
      }),
    )
  })

  it('keeps a link from connect to its loss, and swaps it only for the second one that stood by, or for one to another endpoint while it drains', () => {
    fc.assert(
      fc.property(history, (events) => {
        for (const { from, to } of play(events)) {
          if (from.at === 'draining' && from.moving) continue
          if (linkOf(from) && linkOf(to)) expect([linkOf(from), spareOf(from)?.link]).toContain(linkOf(to))
          if (linkOf(to) && !linkOf(from)) expect(from.at).toBe('dialing')
        }
      }),
    )
  })

  it('knows while it is away when that began, and never detects before the first sign', () => {
    fc.assert(
      fc.property(history, (events) => {
        for (const { from, to } of play(events)) {
          if (!linkOf(from) || to.at !== 'waiting' || isOurs(to.cause)) continue
          expect(to.outage?.detected).toBe(isLeft(from) ? from.leftAt : to.since)
          expect(to.outage?.firstSign).toBeLessThanOrEqual(to.since)
        }
      }),
    )
  })

  it('trusts a site that was lost only after it has held for 30 s', () => {
    fc.assert(
      fc.property(history, (events) => {
        let lostAt = Number.NEGATIVE_INFINITY
        for (const { from, to, at } of play(events)) {
          if (to.at === 'waiting' && to.outage?.detected === at) lostAt = at
          if (to.at === 'idle') lostAt = Number.NEGATIVE_INFINITY
          if (to.at !== 'up' || to.proving) continue
          expect(at - lostAt).toBeGreaterThanOrEqual(30_000)
          if (from.at === 'up' && from.proving) expect(from.proving.good).toBeGreaterThanOrEqual(2)
        }
      }),
    )
  })
})
