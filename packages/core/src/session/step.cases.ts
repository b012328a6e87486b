import type { DrainNotice } from '@spanwire/driver'
import type { SessionState } from './state.js'
import { awaitedCases } from './step.awaited.cases.js'
import { doubtCases } from './step.doubt.cases.js'
import { badCertificate, busy, denied, gone, otherLink, type StepCase, someLink } from './step.samples.js'

const notice: DrainNotice = { reason: 'lame duck' }

const link = { link: someLink, endpoint: 'mq-0:50000', since: 1_000, rttMs: 3, attempt: 2 } as const
const up: SessionState = { at: 'up', ...link }
const suspect: SessionState = { at: 'suspect', silentSince: 5_000, ...link }
const draining: SessionState = { at: 'draining', notice, ...link }
const moving: SessionState = { at: 'draining', notice, moving: true, ...link }
const idle: SessionState = { at: 'idle' }
const closed: SessionState = { at: 'closed' }
const dialing: SessionState = { at: 'dialing', attempt: 3, since: 2_000, cause: gone }
const waiting: SessionState = { at: 'waiting', attempt: 3, since: 2_000, retryAt: 2_500, cause: gone }
const disabled: SessionState = { at: 'disabled', attempt: 1, since: 2_000, retryAt: 20_000, cause: denied }

const connected = { on: 'connected', at: 3_000, link: otherLink, endpoint: 'mq-1:50000', rttMs: 7 } as const
const failed = { on: 'failed', at: 3_000, error: gone, chance: 0.5 } as const
const soon = { on: 'lost', at: 30_999, error: gone, chance: 0.5 } as const
const late = { on: 'lost', at: 31_000, error: gone, chance: 0.5 } as const
const retry = { on: 'retry', at: 3_000 } as const
const dead = { ...late, silentSince: 28_500 } as const
/** Lost at once: the first sign was the end of the link. */
const outage = { firstSign: 31_000, detected: 31_000, count: 1 }

const gaveUp = { at: 'waiting', attempt: 0, since: 31_000, retryAt: 31_125, cause: gone } as const
const back = { at: 'up', attempt: 3, link: otherLink, endpoint: 'mq-1:50000', since: 3_000, rttMs: 7, outage } as const

/** The session's rules as data. The documentation shows this table. */
export const stepCases: readonly StepCase[] = [
  {
    name: 'starts to dial',
    state: idle,
    event: { on: 'start', at: 9 },
    becomes: { at: 'dialing', attempt: 1, since: 9 },
  },
  { name: 'does not dial before it is started', state: idle, event: retry, becomes: 'same' },
  { name: 'starts once', state: up, event: { on: 'start', at: 9 }, becomes: 'same' },

  {
    name: 'is up when a dial comes through, and remembers which dial it was',
    state: dialing,
    event: connected,
    becomes: { at: 'up', attempt: 3, link: otherLink, endpoint: 'mq-1:50000', since: 3_000, rttMs: 7 },
  },
  {
    name: 'waits after a failed dial: half of 1,000 ms on the third',
    state: dialing,
    event: failed,
    becomes: { at: 'waiting', attempt: 3, since: 3_000, retryAt: 3_500, cause: gone },
  },
  {
    name: 'is patient as long as the engine asks, and then some',
    state: dialing,
    event: { ...failed, error: busy },
    becomes: { at: 'waiting', attempt: 3, since: 3_000, retryAt: 7_500, cause: busy },
  },
  {
    name: 'is disabled by refused credentials, and asks again slowly',
    state: dialing,
    event: { ...failed, error: denied },
    becomes: { at: 'disabled', attempt: 3, since: 3_000, retryAt: 25_500, cause: denied },
  },
  {
    name: 'is disabled by a certificate that does not fit',
    state: dialing,
    event: { ...failed, error: badCertificate },
    becomes: { at: 'disabled', attempt: 3, since: 3_000, retryAt: 25_500, cause: badCertificate },
  },
  {
    name: 'starts a dial over that is a second old',
    state: dialing,
    event: retry,
    becomes: { ...dialing, since: 3_000 },
  },
  { name: 'lets a young dial go on', state: dialing, event: { ...retry, at: 2_999 }, becomes: 'same' },

  {
    name: 'takes the measured round trip',
    state: up,
    event: { on: 'measured', rttMs: 1 },
    becomes: { ...up, rttMs: 1 },
  },
  ...awaitedCases,
  ...doubtCases,
  {
    name: 'gives up a draining link that falls silent',
    state: draining,
    event: dead,
    becomes: {
      at: 'waiting',
      attempt: 0,
      since: 31_000,
      retryAt: 31_125,
      cause: gone,
      outage: { firstSign: 28_500, detected: 31_000, count: 1 },
    },
  },
  { name: 'drains when asked to leave', state: up, event: { on: 'drain', notice }, becomes: draining },
  {
    name: 'drains, and stays at the site, where it has other endpoints',
    state: up,
    event: { on: 'drain', notice, moving: true },
    becomes: moving,
  },
  {
    name: 'goes on over the link to another endpoint, and nothing was lost',
    state: moving,
    event: connected,
    becomes: { ...up, since: 3_000, link: otherLink, endpoint: 'mq-1:50000', rttMs: 7 },
  },
  { name: 'leaves the site when no other endpoint of it answers', state: moving, event: failed, becomes: draining },
  { name: 'has left when another endpoint answers late', state: draining, event: connected, becomes: 'same' },
  { name: 'drains also when suspect', state: suspect, event: { on: 'drain', notice }, becomes: draining },
  { name: 'stays draining when heard', state: draining, event: { on: 'heard', at: 9_000 }, becomes: 'same' },

  {
    name: 'counts on after a link that did not last 30 s: half of 500 ms on the second',
    state: up,
    event: soon,
    becomes: {
      at: 'waiting',
      attempt: 2,
      since: 30_999,
      retryAt: 31_249,
      cause: gone,
      outage: { firstSign: 30_999, detected: 30_999, count: 1 },
    },
  },
  {
    name: 'starts over after a link that lasted: dials within 250 ms',
    state: up,
    event: late,
    becomes: { at: 'waiting', attempt: 0, since: 31_000, retryAt: 31_125, cause: gone, outage },
  },
  {
    name: 'gives a suspect up, and remembers when its silence began',
    state: suspect,
    event: dead,
    becomes: {
      at: 'waiting',
      attempt: 0,
      since: 31_000,
      retryAt: 31_125,
      cause: gone,
      outage: { firstSign: 5_000, detected: 31_000, count: 1 },
    },
  },
  {
    name: 'looks for another endpoint at once when it has been drained',
    state: draining,
    event: late,
    becomes: { at: 'waiting', attempt: 0, since: 31_000, retryAt: 31_125, cause: gone, outage },
  },
  {
    name: 'does not take expired credentials for refused ones: the provider is asked first',
    state: up,
    event: { ...late, error: denied },
    becomes: { at: 'waiting', attempt: 0, since: 31_000, retryAt: 31_125, cause: denied },
  },

  {
    name: 'dials again after waiting',
    state: waiting,
    event: retry,
    becomes: { at: 'dialing', attempt: 4, since: 3_000, cause: gone },
  },
  {
    name: 'dials again after a refusal',
    state: disabled,
    event: retry,
    becomes: { at: 'dialing', attempt: 2, since: 3_000, cause: denied },
  },
  {
    name: 'remembers its outage while it dials',
    state: { ...waiting, outage },
    event: retry,
    becomes: { at: 'dialing', attempt: 4, since: 3_000, cause: gone, outage },
  },
  {
    name: 'remembers its outage when a dial fails',
    state: { ...dialing, outage },
    event: failed,
    becomes: { at: 'waiting', attempt: 3, since: 3_000, retryAt: 3_500, cause: gone, outage },
  },
  {
    name: 'has to prove itself for 30 s when it is back from an outage',
    state: { ...dialing, outage },
    event: connected,
    becomes: { ...back, proving: { until: 33_000, good: 0 } },
  },
  {
    name: 'has to prove itself for longer with each outage, but never for more than 300 s',
    state: { ...dialing, outage: { ...outage, count: 7 } },
    event: connected,
    becomes: { ...back, outage: { ...outage, count: 7 }, proving: { until: 303_000, good: 0 } },
  },
  {
    name: 'counts the probes that are answered',
    state: { ...back, proving: { until: 33_000, good: 0 } },
    event: { on: 'proved', at: 4_000 },
    becomes: { ...back, proving: { until: 33_000, good: 1 } },
  },
  {
    name: 'is not trusted for answers alone',
    state: { ...back, proving: { until: 33_000, good: 3 } },
    event: { on: 'proved', at: 32_999 },
    becomes: { ...back, proving: { until: 33_000, good: 3 } },
  },
  {
    name: 'is not trusted for its age alone',
    state: { ...back, proving: { until: 33_000, good: 1 } },
    event: { on: 'proved', at: 40_000 },
    becomes: { ...back, proving: { until: 33_000, good: 2 } },
  },
  {
    name: 'is trusted when it has lasted and answered three times in a row',
    state: { ...back, proving: { until: 33_000, good: 2 } },
    event: { on: 'proved', at: 33_000 },
    becomes: { ...back, trustedAt: 33_000 },
  },
  { name: 'has nothing to prove while it was never lost', state: up, event: { on: 'proved', at: 9 }, becomes: 'same' },
  {
    name: 'starts to prove itself anew when it fell silent meanwhile',
    state: { ...suspect, outage, proving: { until: 33_000, good: 2 } },
    event: { on: 'heard', at: 9_000 },
    becomes: { ...up, outage, proving: { until: 33_000, good: 0 } },
  },
  {
    name: 'counts an outage soon after another',
    state: { ...up, outage },
    event: late,
    becomes: { ...gaveUp, outage: { ...outage, count: 2 } },
  },
  {
    name: 'does not hold it against a site that all fell silent',
    state: suspect,
    event: { ...dead, isOurs: true },
    becomes: gaveUp,
  },
  {
    name: 'forgives earlier outages after a quarter of an hour',
    state: { ...up, outage: { ...outage, count: 4 } },
    event: { ...late, at: 901_000 },
    becomes: {
      at: 'waiting',
      attempt: 0,
      since: 901_000,
      retryAt: 901_125,
      cause: gone,
      outage: { firstSign: 901_000, detected: 901_000, count: 1 },
    },
  },
  {
    name: 'does not hold it against a site that it said it would leave',
    state: { ...draining, outage },
    event: late,
    becomes: { ...gaveUp, outage },
  },
  { name: 'ignores a link that comes too late', state: waiting, event: connected, becomes: 'same' },

  { name: 'is idle when it leaves for a while', state: up, event: { on: 'suspend' }, becomes: idle },
  { name: 'forgets failures when it leaves for a while', state: waiting, event: { on: 'suspend' }, becomes: idle },
  { name: 'gives a dial up when it leaves for a while', state: dialing, event: { on: 'suspend' }, becomes: idle },
  { name: 'leaves for a while also when suspect', state: suspect, event: { on: 'suspend' }, becomes: idle },
  { name: 'leaves for a while also when draining', state: draining, event: { on: 'suspend' }, becomes: idle },
  { name: 'leaves for a while also when disabled', state: disabled, event: { on: 'suspend' }, becomes: idle },
  { name: 'cannot leave twice', state: idle, event: { on: 'suspend' }, becomes: 'same' },
  { name: 'does not come back once closed', state: closed, event: { on: 'suspend' }, becomes: 'same' },

  { name: 'closes when idle', state: idle, event: { on: 'close' }, becomes: closed },
  { name: 'closes while dialing', state: dialing, event: { on: 'close' }, becomes: closed },
  { name: 'closes when up', state: up, event: { on: 'close' }, becomes: closed },
  { name: 'closes while waiting', state: waiting, event: { on: 'close' }, becomes: closed },
  { name: 'closes when suspect', state: suspect, event: { on: 'close' }, becomes: closed },
  { name: 'closes when draining', state: draining, event: { on: 'close' }, becomes: closed },
  { name: 'closes when disabled', state: disabled, event: { on: 'close' }, becomes: closed },
  { name: 'closes once', state: closed, event: { on: 'close' }, becomes: 'same' },
  { name: 'stays closed', state: closed, event: { on: 'start', at: 9 }, becomes: 'same' },
  { name: 'takes no link once closed', state: closed, event: connected, becomes: 'same' },
]
