import type { Channel, Link, MessagingError } from '@spanwire/driver'
import { expect } from 'vitest'
import { filler, numbered } from './messages.js'
import { claimed, type Property } from './property.js'
import { those } from './sending.js'
import { newSignal } from './signal.js'
import { PROMPT_MS, type Trial } from './trial.js'
import { elapse, eventually, observe, within } from './wait.js'

/** H: how a driver tells what is ill. */
export const healthProperties: readonly Property[] = [
  {
    id: 'H1',
    title: 'with the engine stopped probe rejects at the abort of its signal, and nothing else hangs after close()',
    needs: ['hang', 'heal'],
    async run(trial) {
      const link = await trial.link()
      const channel = await trial.open(await trial.any(), link)
      const reception = await trial.receive(channel)
      await trial.hang()
      const signal = newSignal()
      const probes = [observe(link.probe(signal.signal)), observe(channel.probe(signal.signal))]
      await elapse(100)
      for (const probe of probes) expect(probe.seen().at).toBe('pending')
      signal.abort()
      for (const probe of probes) await trial.refusal('probe', probe.promise, ['canceled', 'timeout'], PROMPT_MS)
      expect(signal.listeners()).toBe(0)
      const sending = trial.send(channel, numbered(10))
      await within('close', link.close(AbortSignal.abort()), PROMPT_MS)
      await trial.reports(sending, PROMPT_MS)
      // A beat that had come before the end may come first.
      const next = () => within('next() after close', reception.next(), PROMPT_MS)
      expect((await next()) && (await next())).toBeUndefined()
      expect((await within('ended', link.ended, PROMPT_MS)).by).toBe('us')
    },
  },
  {
    id: 'H2',
    part: 'leader lost',
    title:
      'a leader lost: the link probe succeeds, sends fail with channel scope, Channel.probe rejects and later resolves',
    needs: ['leaderLoss'],
    async run(trial) {
      const spec = await trial.any(['durable', 'queue'])
      const channel = await trial.open(spec)
      const cure = await trial.facility('leaderLoss')(spec)
      await (await trial.main()).probe(trial.signal())
      await trial.refusal('Channel.probe', channel.probe(trial.signal(PROMPT_MS)), [
        'unavailable',
        'canceled',
        'timeout',
      ])
      const sending = trial.send(channel, numbered(5))
      await within('reports', sending.all, PROMPT_MS).catch(() => sending.cancel())
      expect(those(sending.outcomes, 'done')).toEqual([])
      for (const one of sending.outcomes) if (one && one.outcome !== 'done') expect(one.error.scope).not.toBe('link')
      await cure()
      const well = () =>
        channel.probe(trial.signal(PROMPT_MS)).then(
          () => true,
          () => false,
        )
      await eventually('Channel.probe', well, trial.patienceMs)
    },
  },
  {
    id: 'H2',
    part: 'no trace',
    title: 'Channel.probe on a healthy channel resolves and leaves no message',
    shares: true,
    async run(trial) {
      for (const kind of ['durable', 'live', 'queue'] as const) {
        const { here, there } = await trial.pair(await trial.any([kind, 'durable', 'live', 'queue']))
        const reader = await trial.listen(there)
        const signal = newSignal()
        for (let at = 0; at < 5; at++) await within('probe', here.probe(signal.signal), trial.patienceMs)
        expect(signal.listeners()).toBe(0)
        expect(await trial.flush(here, reader)).toEqual([])
      }
    },
  },
  {
    id: 'H3',
    title: 'after a drain notice the link works until withinMs, and moved on time no operation fails',
    needs: ['drainNotice'],
    async run(trial) {
      const spec = await trial.any(trial.rig.drainKeeps)
      const link = await trial.link()
      const channel = await trial.open(spec, link)
      const { undrain } = trial.rig
      if (undrain !== undefined) trial.after(undrain)
      await trial.facility('drainNotice')()
      const notice = await within('the drain notice', link.draining, trial.patienceMs)
      expect(notice.reason).not.toBe('')
      await trial.put(channel, numbered(100))
      const reader = await trial.listen(channel)
      await trial.put(channel, numbered(10))
      await reader.until(10)
      await trial.close(link)
      expect((await link.ended).by).toBe('us')
    },
  },
  {
    id: 'H4',
    title: 'provoked errors have the right code and scope, and a sentence',
    async run(trial) {
      const spec = await trial.any()
      const link = await trial.link()
      const channel = await trial.open(spec, link)
      const errors: [string, MessagingError][] = [
        ['aborted connect', await trial.refusal('connect', trial.dial(AbortSignal.abort()), ['canceled'])],
        ['bad name', await trial.refusal('open', link.open({ ...spec, name: 'No!' }, trial.signal()), ['invalid'])],
        ['aborted open', await trial.refusal('open', link.open(spec, AbortSignal.abort()), ['canceled'])],
        ['aborted probe', await trial.refusal('probe', link.probe(AbortSignal.abort()), ['canceled'])],
        ...(await sendErrors(trial, channel)),
      ]
      await trial.close(link)
      errors.push(...(await errorsAfterClose(trial, link, channel)))
      for (const [what, error] of errors) isASentence(what, error, secretsOf(trial))
    },
  },
  {
    id: 'H4',
    part: 'nobody there',
    title: 'an engine that is not there is unavailable, retryable, scope link',
    needs: ['kill', 'restart'],
    async run(trial) {
      await trial.kill()
      const error = await trial.refusal('connect', trial.dial(trial.signal()), ['unavailable'])
      expect(error).toMatchObject({ scope: 'link', retryable: true })
      isASentence('connect to nobody', error, secretsOf(trial))
    },
  },
]

async function sendErrors(trial: Trial, channel: Channel): Promise<[string, MessagingError][]> {
  const { maxBytes } = channel.can
  const tooLarge = maxBytes <= 64 << 20 ? [{ path: 'a', body: filler(maxBytes + 1) }] : []
  const sending = trial.send(channel, [{ path: 'not a path', body: 'x' }, ...tooLarge])
  await trial.reports(sending)
  return sending.outcomes.map((one, at) => {
    if (one === undefined || one.outcome === 'done') throw new Error('bad sends should be refused')
    expect(one.error.code).toBe(at === 0 ? 'invalid' : 'too-large')
    expect(one.error.scope).toBe('message')
    return [one.error.code, one.error]
  })
}

async function errorsAfterClose(trial: Trial, link: Link, channel: Channel): Promise<[string, MessagingError][]> {
  const spec = trial.spec('live')
  const late = trial.send(channel, numbered(2))
  await trial.reports(late, PROMPT_MS)
  const [first, second] = late.outcomes
  claimed(first !== undefined && second !== undefined, 'two reports were awaited')
  if (first.outcome !== 'unsent' || second.outcome !== 'unsent') throw new Error('sends after close are unsent')
  const receiving = channel.receive({}, { messages: 1, bytes: 1 }, trial.signal())
  return [
    ['send after close', first.error],
    ['open after close', await trial.refusal('open', link.open(spec, trial.signal()), ['closed'], PROMPT_MS)],
    ['probe after close', await trial.refusal('probe', link.probe(trial.signal()), ['closed'], PROMPT_MS)],
    ['receive after close', await trial.refusal('receive', receiving, ['closed'], PROMPT_MS)],
  ]
}

function secretsOf(trial: Trial): string[] {
  const { credentials } = trial.rig
  if (credentials === undefined) return []
  return Object.entries(credentials).flatMap(([name, value]) =>
    /token|password|seed|jwt/.test(name) ? [String(value)] : [],
  )
}

/** Something that an operator can read: several words, and no secret. */
function isASentence(what: string, error: MessagingError, secrets: readonly string[]): void {
  expect(error.message.split(/\s+/).length, `${what}: ${error.message}`).toBeGreaterThanOrEqual(4)
  for (const secret of secrets) expect(error.message, what).not.toContain(secret)
}
