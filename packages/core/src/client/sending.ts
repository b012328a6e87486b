import { MessagingError } from '@spanwire/driver'
import { renamed } from '../arrival/identity.js'
import type { Contract } from '../contract/contract.js'
import type { Letter } from '../departure/letter.js'
import { isMarks, marked, marksSpec } from '../departure/marks.js'
import { keyOf, Outbox } from '../departure/outbox.js'
import { copyNumber, type RetainedChannel } from '../departure/retained.js'
import type { Surroundings } from '../departure/surroundings.js'
import { Teller } from '../departure/teller.js'
import { choose, mayHouse } from '../route/choose.js'
import { listen } from '../route/listen.js'
import { toMs } from '../runtime/duration.js'
import type { ChannelState } from '../session/channels.js'
import { healthOf } from '../session/site-view.js'
import type { SessionState } from '../session/state.js'
import { avoiding, channelAt } from './able.js'
import type { PublishOptions, Sent } from './api.js'
import { boundPublisher } from './bound.js'
import { Caller } from './caller.js'
import { type Context, channelOf, reasons } from './context.js'
import { deadlinesOf } from './deadlines.js'
import { departuresOf } from './departures.js'
import { header, REMOVED } from './headers.js'
import { listenAt } from './listening.js'

const LIVE_RETAIN_MS = 3_000
const LEAST = { messages: 1, bytes: 1 }

/** What routing and keeping need of a contract; also made of a bare channel that only passes through. */
export type Routed = Pick<Contract, 'kind' | 'name' | 'spec'> & {
  readonly latest?: boolean
  readonly delivery?: 'live' | 'durable'
  readonly order?: 'key' | 'none'
  readonly key?: unknown
}

/** Sends through a contract's outbox and tells the three ways it can end. */
export function dispatch(
  context: Context,
  contract: Contract,
  lane: string,
  letter: Letter,
  options: PublishOptions,
): Promise<Sent> {
  const { signal } = options
  if (signal?.aborted)
    return Promise.reject(new MessagingError('canceled', `${contract.name}: aborted before it was sent`))
  const untilMs =
    options.timeout === undefined
      ? context.publisher.moment.clocks.nowMs + context.limits.waitMs
      : context.runtime.now() + toMs(options.timeout, 'timeout')
  const outbox = outboxOf(context, contract)
  const leaving = { contract, lane, letter, signal, untilMs }
  return departuresOf(context).room.mustWait(letter.body.length)
    ? queued(context, outbox, leaving)
    : leave(outbox, leaving)
}

/** A message and the time that it has. */
interface Leaving {
  readonly contract: Contract
  readonly lane: string
  readonly letter: Letter
  readonly signal: AbortSignal | undefined
  readonly untilMs: number
}

function leave(outbox: Outbox, leaving: Leaving): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const { contract, lane, letter, signal, untilMs } = leaving
    const caller = new Caller(contract, resolve, reject)
    const departure = outbox.offer(lane, letter, untilMs, caller)
    if (signal !== undefined && !departure.settled)
      caller.heed(signal, () => outbox.cancel(lane, departure, canceled(contract)))
  })
}

/** Waits for room in the outbox, behind those that came before. */
function queued(context: Context, outbox: Outbox, leaving: Leaving): Promise<Sent> {
  const { contract, letter, signal, untilMs } = leaving
  const deadlines = deadlinesOf(context)
  return new Promise((resolve, reject) => {
    const end = (): void => {
      takeBack?.()
      deadlines.remove(deadline)
      signal?.removeEventListener('abort', abort)
    }
    const giveUp = (error: MessagingError): void => {
      end()
      reject(error)
    }
    const abort = (): void => giveUp(canceled(contract))
    const go = (): void => {
      end()
      resolve(leave(outbox, leaving))
    }
    const deadline = deadlines.add(untilMs, () => giveUp(outbox.full('no room in time: ')))
    const takeBack = departuresOf(context).room.wait({ bytes: letter.body.length, go, giveUp })
    signal?.addEventListener('abort', abort)
    if (takeBack === undefined) giveUp(outbox.full())
  })
}

function canceled(contract: Contract): MessagingError {
  return new MessagingError('canceled', `${contract.name}: the caller gave up`)
}

export function outboxOf(context: Context, contract: Routed): Outbox {
  const key = keyOf(contract)
  const { outboxes } = departuresOf(context)
  const existing = outboxes.get(key)
  if (existing !== undefined) return existing
  const care = contract.kind === 'queue' ? 'work' : contract.latest ? 'latest' : 'none'
  const outbox = new Outbox(surroundings(context, contract), care)
  outboxes.set(key, outbox)
  return outbox
}

function surroundings(context: Context, contract: Routed): Surroundings {
  const { runtime, publisher, events } = context
  const { left, returns, room, retained } = departuresOf(context)
  // Nobody misses a job that went elsewhere; marks have no marks.
  const isTold = contract.kind === 'topic' && !isMarks(contract.name)
  return {
    runtime,
    deadlines: deadlinesOf(context),
    publisher,
    room,
    ...routing(context, contract),
    channel: (site) => channelAt(context, contract, site),
    boundPublisher: () => boundPublisher(context),
    reachable: (site) => context.session(site).link !== undefined,
    isWell: (site) => context.session(site).state.at === 'up',
    isReady: context.standby === 'warm',
    refuses: (site) => healthOf(context.session(site).state) === 'disabled',
    refusal: (site) => {
      const { state } = context.session(site)
      return state.at === 'disabled' ? state.cause : undefined
    },
    awaited: () => {
      for (const session of context.sessions.values()) session.awaited()
    },
    reasons: () => reasons(context),
    rename: (id) => renamed(id, copyNumber(runtime)),
    kept: retainedChannel(context, contract),
    stored: (letter) => retained.add(letter),
    changed: (lane) => {
      if (isTold) tellerOf(context, contract).follow(lane)
      else lane.isQuiet = false
    },
    voided: (source, seq) => {
      if (isTold) tellerOf(context, contract).refused(source, seq)
    },
    moved: (lane, from, to) => {
      left.set(from, (left.get(from) ?? 0) + 1)
      const session = context.session(from)
      const { state } = session
      const illness = state.at === 'up' ? session.sign(contract.spec) : undefined
      if (illness !== undefined) returns.refused(from)
      const sign = illness?.since ?? firstSign(state)
      const ms = sign === undefined ? 0 : Math.round(runtime.now() - sign)
      const why = illness?.error.message ?? `as planned: ${to} is preferred`
      // A bucket of keys is nobody's channel; a path is.
      const channel = contract.spec.params > 0 ? channelOf(contract, lane.split(':')[0] ?? '') : contract.name
      events.emit({ type: 'moved', channel, from, to, reason: state.at === 'up' ? why : state.at, ms })
    },
  }
}

/** Of the trouble that a site is in, Runtime ms. */
function firstSign(state: SessionState): number | undefined {
  if (state.at === 'suspect') return state.silentSince
  return 'link' in state || !('outage' in state) ? undefined : state.outage?.firstSign
}

/** Where a lane may go: asked anew each time, for routes change. */
function routing(context: Context, contract: Routed): Pick<Surroundings, 'choose' | 'mayUse'> {
  const { random } = context.runtime
  const op = contract.kind === 'queue' ? 'send' : 'publish'
  // Marks pass through to every reader, and no further than the policy of what they speak of (I9).
  const scope = isMarks(contract.name) ? marked(contract.spec) : contract.spec
  const isListened = (site: string): boolean => listen(context.policy(scope), context.picture()).includes(site)
  const fits = (site: string): string | undefined => (isListened(site) ? undefined : 'the policy never goes there')
  return {
    mayUse: (site, lane) =>
      isListened(site) &&
      mayHouse(context.policy(contract.spec), { channel: contract.name, lane }, context.picture(), site),
    choose: (lane, failed, home) => {
      const avoid = avoiding(context, contract, failed)
      const ask = { op, channel: contract.name, lane, avoid, home, random } as const
      const policy = context.policy(contract.spec)
      return choose(policy, scope === contract.spec ? ask : { ...ask, fits }, context.picture())
    },
  }
}

function retainedChannel(context: Context, contract: Routed): RetainedChannel {
  return {
    name: contract.name,
    retainMs:
      contract.kind !== 'topic'
        ? 0
        : contract.delivery === 'live'
          ? Math.min(LIVE_RETAIN_MS, context.limits.retainMs)
          : context.limits.retainMs,
    sites: (lane) => {
      const choice = choose(
        context.policy(contract.spec),
        { op: 'publish', channel: contract.name, lane: lane.key, random: context.runtime.random },
        context.picture(),
      )
      return { sites: choice.sites, everywhere: choice.ack !== undefined }
    },
    sender: (site) => {
      const state = context.session(site).channel(contract.spec)
      return state.at === 'open' ? state.sender : undefined
    },
    holds: (site, position) => holds(context.session(site).channel(contract.spec), position),
    everywhere: (headers) => header({ headers: () => headers }, REMOVED) !== undefined,
    offered: (from, to, count) =>
      context.events.emit({ type: 'offered-again', channel: contract.name, from, to, count }),
  }
}

/** Does this channel's log reach as far as this position of it? Asked by attaching there. */
async function holds(state: ChannelState, position: string): Promise<boolean> {
  if (state.at !== 'open' || !state.channel.can.starts.includes('position')) return true
  try {
    const { signal } = new AbortController()
    const reception = await state.channel.receive({ start: { at: 'position', position } }, LEAST, signal)
    await reception.stop(AbortSignal.abort())
    return true
  } catch (error) {
    return !MessagingError.is(error) || error.code !== 'conflict'
  }
}

/** Marks and voids are said at every site that readers may listen at (R6). */
function tellerOf(context: Context, contract: Routed): Teller {
  const { tellers, ticks } = departuresOf(context)
  const existing = tellers.get(contract.name)
  if (existing !== undefined) return existing
  const { publisher, runtime } = context
  const spec = marksSpec(contract.name)
  const place = (site: string): ChannelState => context.session(site).channel(spec)
  const sites = (): readonly string[] => listenAt(context, contract.spec)
  const teller = new Teller({
    runtime,
    ticks,
    stamp: () => publisher.stamp(),
    sites,
    open: place,
    say: (site, body, heard) => {
      const state = place(site)
      // Where there is no such channel there is nobody to tell.
      if (state.at !== 'open') heard(state.at === 'refused')
      else state.sender.send({ path: '', body }, body.length, ({ outcome }) => heard(outcome === 'done'))
    },
  })
  // Open before the first void has to be said at once.
  for (const site of sites()) place(site)
  tellers.set(contract.name, teller)
  return teller
}
