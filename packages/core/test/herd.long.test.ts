import { type Driver, type Link, type LinkEnd, MessagingError } from '@spanwire/driver'
import { describe, expect, it } from 'vitest'
import { deferred } from '../src/runtime/deferred.js'
import { type VirtualRuntime, virtualRuntime } from '../src/runtime/virtual.js'
import { patienceOf } from '../src/session/patience.js'
import { Session } from '../src/session/session.js'

const CLIENTS = 10_000
/** The site completes one after the other, 2,000 a second. */
const HANDSHAKE_MS = 0.5

interface Manners {
  /** Refuses whoever would wait longer than this, and asks to come back when the line is shorter. */
  readonly shedsMs?: number
}

/** A site whose handshakes cost time: also those that nobody waits for any more. */
class Door {
  readonly #runtime: VirtualRuntime
  readonly #manners: Manners
  readonly #ends = new Set<(end: LinkEnd) => void>()
  #busyUntil = 0
  dials = 0
  wasted = 0

  constructor(runtime: VirtualRuntime, manners: Manners) {
    this.#runtime = runtime
    this.#manners = manners
  }

  get driver(): Driver {
    return { spec: 1, name: 'door', dials: 'one', connect: (_endpoints, _options, signal) => this.#connect(signal) }
  }

  /** All connections break. */
  slam(): void {
    const error = new MessagingError('unavailable', 'The peer reset the connection.', { scope: 'link' })
    for (const end of this.#ends) end({ by: 'engine', error })
    this.#ends.clear()
    this.#busyUntil = this.#runtime.now()
  }

  #connect(signal: AbortSignal): Promise<Link> {
    this.dials += 1
    const now = this.#runtime.now()
    const waitMs = Math.max(0, this.#busyUntil - now)
    const { shedsMs = Infinity } = this.#manners
    if (waitMs > shedsMs)
      return Promise.reject(
        new MessagingError('overloaded', 'Too many connections at once.', { scope: 'link', retryAfterMs: waitMs }),
      )
    this.#busyUntil = now + waitMs + HANDSHAKE_MS
    return new Promise((resolve, reject) => {
      const late = () => reject(new MessagingError('canceled', 'The dial was given up.', { scope: 'link' }))
      signal.addEventListener('abort', late)
      this.#runtime.after(waitMs + HANDSHAKE_MS, () => {
        if (signal.aborted) this.wasted += 1
        else resolve(this.#link())
      })
    })
  }

  #link(): Link {
    const ended = deferred<LinkEnd>()
    this.#ends.add(ended.resolve)
    const never = new Promise<never>(() => {})
    return {
      engine: { name: 'door', version: '1' },
      draining: never,
      ended: ended.promise,
      open: () => never,
      probe: async () => {},
      async close() {
        ended.resolve({ by: 'us' })
      },
    }
  }
}

/** All lose their connection at once. How long each was away, in order, and what it cost. */
async function herd(manners: Manners) {
  const runtime = virtualRuntime(7)
  const door = new Door(runtime, manners)
  // As pages: a beat each five seconds.
  const patience = patienceOf({ beat: '5s', suspect: '7500ms', down: '12s' }, 'health')
  let at = 0
  const back: number[] = []
  const attempts = new Map<Session, number>()
  const sessions = Array.from({ length: CLIENTS }, (_, n) => {
    const session = new Session({
      site: 'a',
      driver: door.driver,
      endpoints: ['a'],
      credentials: async () => ({ by: 'none' }),
      missing: 'create',
      nonce: 'AAAAAAAAAAAAAAAA',
      clientId: () => `${n}`,
      runtime,
      patience,
    })
    session.onChange((change) => {
      if (!('to' in change) || at === 0) return
      if (change.to.at === 'dialing') attempts.set(session, (attempts.get(session) ?? 0) + 1)
      if (change.from.at === 'dialing' && change.to.at === 'up') back.push(runtime.now() - at)
    })
    return session
  })
  for (const [n, session] of sessions.entries()) {
    session.start()
    if (n % 100 === 0) await runtime.advance(60)
  }
  // A link that has lasted 30 s starts the count of attempts over.
  await runtime.advance(31_000)
  const before = door.dials
  at = runtime.now()
  door.wasted = 0
  door.slam()
  await runtime.advance(30_000)
  const result = {
    back: back.length,
    p50: back[back.length >> 1] ?? Infinity,
    p99: back[Math.ceil(back.length * 0.99) - 1] ?? Infinity,
    max: back.at(-1) ?? Infinity,
    dials: door.dials - before,
    wasted: door.wasted,
    most: Math.max(...attempts.values()),
  }
  const cut = AbortSignal.abort()
  await Promise.all(sessions.map((session) => session.close(cut)))
  return result
}

describe('ten thousand clients whose site lets 2,000 a second in', () => {
  it.each([
    [
      'and lets the others stand in line, and forgets nobody who left it',
      {},
      { p99Ms: 7_000, most: 2, perClient: 1.5 },
    ],
    ['and sends the others away for a while', { shedsMs: 1_000 }, { p99Ms: 6_500, most: 5, perClient: 3 }],
  ] satisfies [string, Manners, object][])(
    'are all back soon after it broke, %s',
    async (_, manners, { most, p99Ms, perClient }) => {
      const result = await herd(manners)
      console.log(result)
      expect(result.back).toBe(CLIENTS)
      // Virtual time: the machine has no say.
      expect(result.p99).toBeLessThanOrEqual(p99Ms)
      expect(result.most).toBeLessThanOrEqual(most)
      expect(result.dials).toBeLessThanOrEqual(CLIENTS * perClient)
    },
  )
})
