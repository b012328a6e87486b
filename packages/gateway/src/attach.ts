import { type Channel, type Flow, MessagingError, type Reception } from '@spanwire/driver'
import type { Wanted } from './check.js'
import { type Feed, isShared, joinFeed } from './feed.js'
import { Jobs } from './jobs.js'
import type { Limits } from './options.js'
import type { Outbox } from './outbox.js'
import { Subscription } from './subscription.js'

export type Received = Subscription | Jobs

/** Where a reception is attached, and for whom. */
export interface Place {
  readonly number: number
  readonly channel: Channel
  readonly feeds: Map<string, Promise<Feed>>
  readonly limits: Pick<Limits, 'waiting' | 'held'>
  readonly settled: boolean
  readonly outbox: Outbox
  readonly epoch: string
  readonly beatMs: number
  /** Called when attached, before the first delivery. */
  readonly keep: (received: Received) => void
  readonly onEnd: (error: MessagingError) => void
}

/** What the client is told of its reception. */
interface Told {
  readonly epoch: string
  readonly beatMs?: number
  readonly recovered?: boolean
}

/** Attaches for one client: to the feed of all who want the same, or by a reception of its own when it has a place of its own. */
export async function attach(place: Place, wanted: Wanted, flow: Flow, signal: AbortSignal): Promise<Told> {
  const { number, channel, outbox, limits, onEnd } = place
  const { source } = wanted
  if (place.settled) {
    const reception = await attached(channel.receive(source, flow, signal), signal)
    place.keep(new Jobs(number, reception, channel.can, outbox, onEnd))
    return told(place, reception.beatMs)
  }
  const subscription = new Subscription({ number, channel, source, outbox, limits, onEnd }, flow)
  const feed = isShared(source) ? await joinFeed({ ...place, held: limits.held }, source, signal) : undefined
  if (feed) {
    place.keep(subscription)
    subscription.share(feed)
    return told(place, feed.beatMs)
  }
  const { reception, recovered } = await resume(place, wanted, flow, signal)
  place.keep(subscription)
  subscription.own(reception)
  return told(place, reception.beatMs, recovered)
}

function told({ epoch, beatMs: tick }: Place, beatMs: number | undefined, recovered?: boolean): Told {
  return {
    epoch,
    // A sign of life from upstream is passed on with the next tick.
    ...(beatMs === undefined ? undefined : { beatMs: beatMs + tick }),
    ...(recovered === undefined ? undefined : { recovered }),
  }
}

/** From a position, or from elsewhere if its log is another one and the client said where; then it was not recovered. */
async function resume(
  { channel, epoch }: Place,
  { source, resume }: Wanted,
  flow: Flow,
  signal: AbortSignal,
): Promise<{ reception: Reception; recovered: boolean | undefined }> {
  if (!resume) return { reception: await attached(channel.receive(source, flow, signal), signal), recovered: undefined }
  try {
    if (resume.epoch !== epoch) throw otherLog()
    return { reception: await attached(channel.receive(source, flow, signal), signal), recovered: true }
  } catch (error) {
    if (!resume.otherwise || !MessagingError.is(error) || error.code !== 'conflict') throw error
    const elsewhere = { ...source, start: resume.otherwise }
    return { reception: await attached(channel.receive(elsewhere, flow, signal), signal), recovered: false }
  }
}

/** Whoever left while it was attached must not leave it behind. */
async function attached(attaching: Promise<Reception>, signal: AbortSignal): Promise<Reception> {
  const reception = await attaching
  if (!signal.aborted) return reception
  await reception.stop(signal)
  throw new MessagingError('canceled', 'The client took its question back.')
}

function otherLog(): MessagingError {
  return new MessagingError('conflict', 'The position is of another log than the one behind this gateway.', {
    scope: 'channel',
  })
}
