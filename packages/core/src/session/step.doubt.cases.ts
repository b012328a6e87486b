import type { SessionState, Spare } from './state.js'
import { gone, otherLink, type StepCase, someLink } from './step.samples.js'

const link = { link: someLink, endpoint: 'mq-0:50000', since: 1_000, rttMs: 3, attempt: 2 } as const
const up: SessionState = { at: 'up', ...link }
const suspect: SessionState = { at: 'suspect', silentSince: 5_000, ...link }
const spare: Spare = { link: otherLink, endpoint: 'mq-1:50000', rttMs: 7 }
const secured: SessionState = { ...suspect, spare }
const left: SessionState = { ...suspect, leftAt: 6_600 }
const dead = { on: 'lost', at: 31_000, error: gone, chance: 0.5, silentSince: 5_000 } as const

/** What happens between the first doubt in a link and the verdict. */
export const doubtCases: readonly StepCase[] = [
  { name: 'is suspect when silent', state: up, event: { on: 'silent', since: 5_000 }, becomes: suspect },
  { name: 'counts silence from its beginning', state: suspect, event: { on: 'silent', since: 6_000 }, becomes: 'same' },
  { name: 'is up again when heard', state: suspect, event: { on: 'heard', at: 9_000 }, becomes: up },
  {
    name: 'keeps a second link that came through while it is suspect',
    state: suspect,
    event: { on: 'spare', spare },
    becomes: secured,
  },
  {
    name: 'forgets a second link that ended',
    state: secured,
    event: { on: 'spare', spare: undefined },
    becomes: suspect,
  },
  { name: 'has no use for a second link while all is well', state: up, event: { on: 'spare', spare }, becomes: 'same' },
  {
    name: 'stays with its link when it is heard in time',
    state: secured,
    event: { on: 'heard', at: 9_000 },
    becomes: up,
  },
  {
    name: 'goes on over the second link when only the first is dead: the site is not down',
    state: secured,
    event: dead,
    becomes: { at: 'up', attempt: 2, link: otherLink, endpoint: 'mq-1:50000', since: 31_000, rttMs: 7 },
  },
  { name: 'is left while suspect', state: suspect, event: { on: 'left', at: 6_600 }, becomes: left },
  { name: 'is left once', state: left, event: { on: 'left', at: 7_000 }, becomes: 'same' },
  {
    name: 'is not left when it answers over a second link',
    state: secured,
    event: { on: 'left', at: 9 },
    becomes: 'same',
  },
  { name: 'is not left when all is well', state: up, event: { on: 'left', at: 9 }, becomes: 'same' },
  {
    name: 'has to prove itself when it was left, though it is heard in time',
    state: left,
    event: { on: 'heard', at: 7_000 },
    becomes: {
      ...up,
      since: 7_000,
      outage: { firstSign: 5_000, detected: 6_600, count: 1 },
      proving: { until: 37_000, good: 0 },
    },
  },
  {
    name: 'has to prove itself when it was left, over the second link as well',
    state: { ...left, spare },
    event: dead,
    becomes: {
      at: 'up',
      attempt: 2,
      link: otherLink,
      endpoint: 'mq-1:50000',
      since: 31_000,
      rttMs: 7,
      outage: { firstSign: 5_000, detected: 6_600, count: 1 },
      proving: { until: 61_000, good: 0 },
    },
  },
  {
    name: 'is lost once when it was left before',
    state: { ...left, outage: { firstSign: 900, detected: 900, count: 1 } },
    event: dead,
    becomes: {
      at: 'waiting',
      attempt: 0,
      since: 31_000,
      retryAt: 31_125,
      cause: gone,
      outage: { firstSign: 5_000, detected: 6_600, count: 2 },
    },
  },
]
