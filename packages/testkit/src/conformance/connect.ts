import { expect } from 'vitest'
import type { Property } from './property.js'
import { newSignal } from './signal.js'
import { PROMPT_MS, type Trial } from './trial.js'
import { elapse, observe, turn, within } from './wait.js'

/** So many times a refusal may go under in a reset. */
const TOLD_AFTER = 3

/** C: what connecting promises. */
export const connectProperties: readonly Property[] = [
  {
    id: 'C1',
    part: 'silent port',
    title: 'connect resolves only after an authenticated round trip, and rejects promptly when its signal aborts',
    needs: ['silentEndpoint'],
    async run(trial) {
      const silent = await trial.facility('silentEndpoint')()
      trial.after(() => silent.close())
      await rejectsAtAbort(trial, [silent.endpoint])
    },
  },
  {
    id: 'C1',
    part: 'hung engine',
    title: 'connect resolves only after an authenticated round trip, and rejects promptly when its signal aborts',
    needs: ['hang', 'heal'],
    async run(trial) {
      await trial.hang()
      await rejectsAtAbort(trial, trial.rig.endpoints)
    },
  },
  {
    id: 'C1',
    part: 'round trip',
    title: 'a link that connect gave answers at once, and an aborted signal never gives one',
    async run(trial) {
      const link = await trial.link()
      await within('probe', link.probe(trial.signal()), trial.patienceMs)
      expect(link.engine.name).not.toBe('')
      await trial.refusal('connect with an aborted signal', trial.dial(AbortSignal.abort()), ['canceled'], PROMPT_MS)
    },
  },
  {
    id: 'C2',
    title: 'ten aborted dials leave no socket, timer or listener here and no ghost connection there',
    needs: ['hang', 'heal', 'resources'],
    async run(trial) {
      const before = await trial.facility('resources')()
      await trial.hang()
      const signals = Array.from({ length: 10 }, newSignal)
      const dials = signals.map(({ signal }) => observe(trial.dial(signal)))
      await elapse(50)
      for (const signal of signals) signal.abort()
      for (const dial of dials) await trial.refusal('aborted connect', dial.promise, ['canceled', 'unavailable'])
      expect(signals.map((signal) => signal.listeners())).toEqual(signals.map(() => 0))
      await trial.heal()
      // A round trip on a new connection: the engine has read all that the aborted ones had written.
      const link = await trial.link()
      await link.probe(trial.signal())
      await trial.close(link)
      await trial.resourcesReturnTo(before)
    },
  },
  {
    id: 'C3',
    part: 'refused',
    title: 'wrong or expired credentials: unauthenticated, scope link, no secret in the sentence',
    needs: ['badCredentials'],
    async run(trial) {
      for (const bad of trial.facility('badCredentials')) {
        const dial = trial.dial(trial.signal(), { credentials: bad.credentials })
        const error = await trial.refusal(`connect with ${bad.what}`, dial, ['unauthenticated'])
        expect(error.scope, bad.what).toBe('link')
        for (const secret of bad.secrets ?? []) expect(error.message).not.toContain(secret)
      }
    },
  },
  {
    id: 'C3',
    part: 'unobtainable',
    title: 'credentials that cannot be obtained: unauthenticated, scope link, the cause kept, never an attempt without',
    async run(trial) {
      const cause = new Error('the vault is sealed')
      const credentials = () => Promise.reject(cause)
      const error = await trial.refusal('connect', trial.dial(trial.signal(), { credentials }), ['unauthenticated'])
      expect(error.scope).toBe('link')
      expect(error.cause).toBe(cause)
      await noByteWithout(trial, credentials)
    },
  },
  {
    id: 'C4',
    title: 'TLS that does not fit is not retryable, and the sentence names what did not fit',
    needs: ['tlsFaults'],
    async run(trial) {
      for (const fault of trial.facility('tlsFaults')) {
        const refused = () => {
          const dial = trial.dial(trial.signal(), fault.tls ? { tls: fault.tls } : {}, fault.endpoints)
          return trial.refusal(`connect with ${fault.what}`, dial, ['unavailable', 'unauthenticated'])
        }
        let error = await refused()
        // A reset may overtake what the server said of it (TLS 1.3): then it is an end like any other, and said the next time.
        for (let again = 0; again < TOLD_AFTER && error.retryable; again++) error = await refused()
        expect(error.retryable, fault.what).toBe(false)
        expect(error.message).toMatch(fault.says)
      }
    },
  },
]

async function rejectsAtAbort(trial: Trial, endpoints: readonly string[]): Promise<void> {
  const signal = newSignal()
  const dial = observe(trial.dial(signal.signal, {}, endpoints))
  // Long enough for a TCP connect, which proves nothing.
  await elapse(100)
  expect(dial.seen().at).not.toBe('fulfilled')
  signal.abort()
  await trial.refusal('connect after its abort', dial.promise, ['canceled', 'unavailable'], PROMPT_MS)
  await turn()
  expect(signal.listeners()).toBe(0)
}

/** Where the harness can count bytes: none is sent before credentials are there. */
async function noByteWithout(trial: Trial, credentials: () => Promise<never>): Promise<void> {
  const silent = await trial.rig.silentEndpoint?.()
  if (silent === undefined) return
  trial.after(() => silent.close())
  const dial = trial.dial(trial.signal(), { credentials }, [silent.endpoint])
  await trial.refusal('connect', dial, ['unauthenticated'])
  expect(silent.bytes()).toBe(0)
}
