import type { Answer, Channel, Delivery, Outgoing } from '@spanwire/driver'
import { expect } from 'vitest'
import { bytesOf, fingerprint, numbered, textOf, texts } from './messages.js'
import type { Property } from './property.js'
import type { Reader } from './reader.js'
import type { Sending } from './sending.js'
import { PROMPT_MS, type Trial } from './trial.js'
import { observe, turn, within } from './wait.js'

/** P: requests and answers. */
export const rpcProperties: readonly Property[] = [
  {
    id: 'P1',
    title: 'a hundred requests in one send, each gets its own reply, with headers and error text both ways',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('rpc'))
      const asked: string[] = []
      await respond(trial, there, (one) => {
        asked.push(...one.headers())
        const text = textOf(one)
        if (text === 'm7') return { body: '', error: 'seven is – not for sale', headers: ['why', 'ünlucky'] }
        return { body: `re:${text}`, headers: ['re', text] }
      })
      const batch = requests(100).map((one) => ({ ...one, headers: ['lang', 'züri'] }))
      const sending = await trial.put(here, batch)
      expect(asked).toEqual(batch.flatMap((one) => one.headers))
      for (const [at] of batch.entries()) {
        const reply = replyOf(sending, at)
        expect(reply).toEqual(
          at === 7
            ? { text: '', error: 'seven is – not for sale', headers: ['why', 'ünlucky'] }
            : { text: `re:m${at}`, error: undefined, headers: ['re', `m${at}`] },
        )
      }
    },
  },
  {
    id: 'P1',
    part: 'bytes',
    title: 'bytes survive both ways, the empty body too',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('rpc'))
      await respond(trial, there, (one) => ({ body: Uint8Array.from(bytesOf(one.body)).reverse() }))
      const bodies = [Uint8Array.of(0, 255, 1), new Uint8Array(), new Uint8Array(70_000).map((_, at) => at % 251)]
      const sending = await trial.put(
        here,
        bodies.map((body) => ({ path: 'a', body, ttlMs: trial.patienceMs })),
      )
      for (const [at, body] of bodies.entries()) {
        const outcome = sending.outcomes[at]
        const reply = outcome?.outcome === 'done' ? outcome.reply : undefined
        expect(fingerprint(reply?.body ?? 'no reply')).toBe(fingerprint(Uint8Array.from(body).reverse()))
      }
    },
  },
  {
    id: 'P2',
    title: 'with nobody there a request is refused where the engine can tell, else open until cancelled; never done',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('rpc'))
      const sending = trial.send(here, requests(5))
      await within('refusal', sending.all, PROMPT_MS).catch(() => {})
      sending.cancel()
      for (const one of sending.outcomes) expect(['refused', 'unsent', 'unknown']).toContain(one?.outcome)
      const refused = sending.outcomes.flatMap((one, at) => (one?.outcome === 'unknown' ? [] : [`m${at}`]))
      const server = await respond(trial, there, (one) => ({ body: textOf(one) }))
      await trial.put(here, requests(1, 'n'))
      expect(server.texts.filter((text) => refused.includes(text))).toEqual([])
    },
  },
  {
    id: 'P3',
    part: 'cancelled',
    title: 'a cancelled request is unknown, never refused, and a late reply is dropped',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('rpc'))
      const server = await trial.listen(there, { each: () => undefined })
      const sending = trial.send(here, requests(3))
      await server.until(3)
      // Requests may come in any order.
      const asked = (text: string): Delivery | undefined => server.deliveries[server.texts.indexOf(text)]
      sending.cancel(1)
      expect(sending.outcomes[1]?.outcome).toBe('unknown')
      const late = asked('m1')?.settle({ body: 'late' }) ?? Promise.resolve()
      await within('settle of a cancelled request', late, PROMPT_MS).catch(() => {})
      for (const at of [0, 2]) await asked(`m${at}`)?.settle({ body: `re:m${at}` })
      await trial.reports(sending)
      expect(replyOf(sending, 0).text).toBe('re:m0')
      expect(replyOf(sending, 2).text).toBe('re:m2')
      expect(sending.faults).toEqual([])
    },
  },
  {
    id: 'P3',
    part: 'responder killed',
    title: 'when its responder is killed, a request is unknown or stays open until cancelled, never refused',
    async run(trial) {
      const spec = trial.spec('rpc')
      const link = await trial.link()
      const server = await trial.listen(await trial.open(spec, link), { each: () => undefined })
      const sending = trial.send(await trial.open(spec), requests(3))
      await server.until(3)
      await link.close(AbortSignal.abort())
      await turn()
      sending.cancel()
      expect(sending.outcomes.map((one) => one?.outcome)).toEqual(['unknown', 'unknown', 'unknown'])
    },
  },
  {
    id: 'P4',
    part: 'share',
    title: 'two responders share, and each request is run once',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('rpc'))
      const answer = (one: Delivery) => ({ body: textOf(one) })
      const servers = [await respond(trial, here, answer), await respond(trial, there, answer)]
      await trial.put(here, requests(200))
      const runs = servers.flatMap((server) => server.texts)
      expect([...runs].sort()).toEqual(texts(0, 200).sort())
      for (const server of servers) expect(server.texts.length).toBeGreaterThan(0)
    },
  },
  {
    id: 'P4',
    part: 'stop',
    title: 'a stopping responder answers what it took, and nothing comes to it any more',
    shares: true,
    async run(trial) {
      const { here, there } = await trial.pair(trial.spec('rpc'))
      const leaving = await trial.listen(there, { each: () => undefined })
      const sending = trial.send(here, requests(5))
      const taken = await leaving.until(5)
      const stopping = observe(leaving.reception.stop(trial.signal()))
      const staying = await respond(trial, here, (one) => ({ body: `staying:${textOf(one)}` }))
      const later = await trial.put(here, requests(5, 'n'))
      expect(replyOf(later, 4).text).toBe('staying:n4')
      expect([...staying.texts].sort()).toEqual(texts(0, 5, 'n'))
      expect(stopping.seen().at).toBe('pending')
      for (const one of taken) await one.settle({ body: `leaving:${textOf(one)}` })
      await trial.reports(sending)
      await within('stop', stopping.promise, trial.patienceMs)
      for (const [at] of taken.entries()) expect(replyOf(sending, at).text).toBe(`leaving:m${at}`)
    },
  },
]

function requests(count: number, prefix = 'm'): Outgoing[] {
  return numbered(count, { prefix }).map((one) => ({ ...one, ttlMs: 10_000 }))
}

function respond(trial: Trial, channel: Channel, answer: (one: Delivery) => Answer): Promise<Reader> {
  return trial.listen(channel, { each: (one) => one.settle(answer(one)) })
}

function replyOf(sending: Sending, at: number) {
  const outcome = sending.outcomes[at]
  if (outcome?.outcome !== 'done' || outcome.reply === undefined) throw new Error(`request ${at} has no reply`)
  const { body, error, headers } = outcome.reply
  return { text: new TextDecoder().decode(bytesOf(body)), error, headers: headers.call(outcome.reply) }
}
