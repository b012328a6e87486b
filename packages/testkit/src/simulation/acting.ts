import { MessagingError, type Queue, type Rpc, type Topic } from '@spanwire/core'
import type { Dice } from './dice.js'
import type { Body } from './play.js'
import type { Act, Journal } from './record.js'
import type { Machine } from './simulation.js'

/** Where an act is written down, and who acts. */
export interface Actor {
  readonly name: string
  readonly machine: Machine
  readonly journal: Journal
  readonly dice: Dice
  /** No two acts of a run share one. */
  token(): number
}

/** Calls `act` at random moments, `perSecond` times on average, until the result is called. */
export function nowAndThen(actor: Actor, perSecond: number, act: () => void): () => void {
  const { runtime } = actor.machine.host
  let cancel = (): void => {}
  const arm = (): void => {
    cancel = runtime.after((-Math.log(1 - actor.dice.next()) / perSecond) * 1_000, () => {
      act()
      arm()
    })
  }
  arm()
  return () => cancel()
}

export function publish(
  actor: Actor,
  topic: Topic<`${string}.{symbol}`, Body, Body>,
  symbol: string,
  timeoutMs: number,
): void {
  const act = begin(actor, 'publish', topic.name, symbol, timeoutMs)
  const sent = actor.machine.client.publish(topic, { token: act.token }, { params: { symbol }, timeout: timeoutMs })
  follow(actor, act, sent, ({ id, sites }) => {
    act.id = id
    act.sites = sites
  })
}

export function send(actor: Actor, queue: Queue<string, Body, Body>, timeoutMs: number): void {
  const act = begin(actor, 'send', queue.name, '', timeoutMs)
  const sent = actor.machine.client.send(queue, { token: act.token }, { timeout: timeoutMs })
  follow(actor, act, sent, ({ id, sites }) => {
    act.id = id
    act.sites = sites
  })
}

export function request(actor: Actor, rpc: Rpc<string, Body, Body, Body, Body>, timeoutMs: number): void {
  const act = begin(actor, 'request', rpc.name, '', timeoutMs)
  follow(actor, act, actor.machine.client.request(rpc, { token: act.token }, { timeout: timeoutMs }), () => {})
}

function begin(actor: Actor, kind: Act['kind'], channel: string, path: string, timeoutMs: number): Act {
  const atMs = actor.machine.host.runtime.now()
  const act: Act = {
    kind,
    machine: actor.name,
    channel,
    path,
    token: actor.token(),
    atMs,
    deadlineMs: atMs + timeoutMs,
    outcome: 'open',
    settledMs: Number.POSITIVE_INFINITY,
  }
  actor.journal.records.acts.push(act)
  return act
}

function follow<T>(actor: Actor, act: Act, promise: Promise<T>, onDone: (value: T) => void): void {
  const settle = (outcome: 'done' | 'failed' | 'unknown', code?: string): void => {
    act.outcome = outcome
    act.settledMs = actor.machine.host.runtime.now()
    if (code !== undefined) act.code = code
    actor.journal.note(`${actor.name} ${act.kind} ${act.channel} ${act.token} ${outcome} ${code ?? act.id ?? ''}`)
  }
  promise.then(
    (value) => {
      onDone(value)
      settle('done')
    },
    (error: unknown) => {
      const code = MessagingError.is(error) ? error.code : String(error)
      settle(code === 'outcome-unknown' ? 'unknown' : 'failed', code)
    },
  )
}
