import type { Broker } from './broker.js'
import type { Group } from './group.js'
import type { Kept } from './log.js'
import { type QueueMessage, type QueuesDownstreamRequest, QueuesDownstreamRequestType as Type } from './proto.js'
import { attributesOf, enqueue, isExpired, NO_ATTRIBUTES, passesPolicy, putBack } from './queueing.js'
import type { Seat } from './seat.js'

/** Gets hold their messages for 365 days (5.3). */
const FOR_EVER_MS = 365 * 24 * 3_600_000

/** `polling`: the Get waits. `open`: answered, and still seated: it takes messages that nobody will see (C4). */
export type TransactionState = 'polling' | 'open' | 'closed'

/** What one Get took, until it is settled or closed. */
export class Transaction {
  state: TransactionState = 'polling'
  readonly #broker: Broker
  readonly #group: Group<QueueMessage>
  readonly #seat: Seat<QueueMessage>
  readonly #taken: Map<number, Kept<QueueMessage>> = new Map()
  readonly #max: number
  #full = (): void => {}

  constructor(broker: Broker, channel: string, max: number) {
    this.#broker = broker
    this.#max = max
    this.#group = broker.queues.group(channel, 'queue')
    this.#seat = this.#group.join({ room: max, ackWaitMs: FOR_EVER_MS }, (message) => this.#hear(message))
  }

  /** Resolves when it has all that it asked for, or at the end of the wait: not earlier with some (5.1). */
  async poll(waitMs: number): Promise<readonly QueueMessage[]> {
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, waitMs)
      this.#full = () => {
        clearTimeout(late)
        resolve()
      }
      if (this.#taken.size >= this.#max) this.#full()
    })
    if (this.#taken.size === 0) this.close()
    else this.state = 'open'
    return this.#answered()
  }

  /** Gives an error's text, or nothing: success is silent (5.2). */
  settle(request: QueuesDownstreamRequest): string | undefined {
    switch (request.requestTypeData) {
      case Type.ACK_ALL:
        return this.#all('ack', (message) => this.#ack(message))
      case Type.ACK_RANGE:
        return this.#range('ack', request.sequenceRange, (message) => this.#ack(message))
      case Type.NACK_ALL:
        return this.#all('nack', (message) => this.#nack(message))
      case Type.NACK_RANGE:
        return this.#range('nack', request.sequenceRange, (message) => this.#nack(message))
      case Type.REQUEUE_ALL:
        // Says "ack" where the range says "requeue" (5.2).
        return this.#all('ack', this.#requeue(request.reQueueChannel), request.reQueueChannel)
      case Type.REQUEUE_RANGE:
        return this.#range(
          'requeue',
          request.sequenceRange,
          this.#requeue(request.reQueueChannel),
          request.reQueueChannel,
        )
      case Type.CLOSE_BY_CLIENT:
        this.close()
        return undefined
      default:
        return 'request unknown'
    }
  }

  /** What is unsettled; undefined when it is closed. */
  get offsets(): readonly bigint[] | undefined {
    return this.state === 'closed' ? undefined : [...this.#taken.keys()].map(BigInt)
  }

  ackAll(): void {
    for (const message of [...this.#taken.values()]) this.#ack(message)
    this.close()
  }

  /** What it holds, also what nobody was shown, is free again. */
  close(): void {
    this.state = 'closed'
    this.#taken.clear()
    this.#group.leave(this.#seat)
  }

  #hear(message: Kept<QueueMessage>): void {
    if (this.state !== 'polling' || this.#taken.size >= this.#max) return
    this.#taken.set(message.seq, message)
    if (this.#taken.size >= this.#max) this.#full()
  }

  /** Expired messages, and those received too often, have counted: the answer is then early and short, or empty (5.1). */
  #answered(): readonly QueueMessage[] {
    const answered: QueueMessage[] = []
    for (const kept of [...this.#taken.values()]) {
      const message = delivered(kept)
      if (isExpired(message) || !passesPolicy(this.#broker, message, attributesOf(message).receiveCount))
        this.#ack(kept)
      else answered.push(message)
    }
    return answered
  }

  #ack({ seq }: Kept<QueueMessage>): undefined {
    this.#taken.delete(seq)
    this.#group.ack(this.#seat, seq)
  }

  #nack(message: Kept<QueueMessage>): undefined {
    putBack(this.#broker, message.value)
    this.#ack(message)
  }

  /** A new message: its count begins again, and nothing says where it came from (5.2). */
  #requeue(channel: string) {
    return (message: Kept<QueueMessage>): string | undefined => {
      const { result } = enqueue(this.#broker, { ...message.value, channel, attributes: NO_ATTRIBUTES })
      if (result.isError) return `re-queue message with seq ${message.seq} failed, ${result.error}`
      return this.#ack(message)
    }
  }

  #all(verb: string, settle: (message: Kept<QueueMessage>) => string | undefined, target = 'none'): string | undefined {
    if (this.state === 'closed') return `cannot ${verb} messages with closed response `
    if (target === '') return EMPTY_TARGET
    // In random order, so that what comes back has lost its own (5.2).
    for (const message of this.#broker.chance.shuffled(this.#taken.values())) {
      const wrong = settle(message)
      if (wrong !== undefined) return wrong
    }
    this.close()
    return undefined
  }

  #range(
    verb: string,
    range: readonly bigint[],
    settle: (message: Kept<QueueMessage>) => string | undefined,
    target = 'none',
  ): string | undefined {
    if (this.state === 'closed') return `cannot ${verb} messages with closed response `
    if (target === '') return EMPTY_TARGET
    if (range.length === 0) return `cannot ${verb} empty list of of offsets`
    for (const seq of range) {
      const message = this.#taken.get(Number(seq))
      // Those before it are settled (5.2).
      if (message === undefined) return `invalid ${verb === 'requeue' ? 'ack' : verb} sequence id ${seq}`
      const wrong = settle(message)
      if (wrong !== undefined) return wrong
    }
    const lingers = verb === 'ack' && this.#broker.chance.hits(this.#broker.quirks().lingering)
    if (this.#taken.size === 0 && !lingers) this.close()
    return undefined
  }
}

const EMPTY_TARGET = 'cannot requeue messages with empty channel destination '

/** A message as a consumer gets it: with its place, its time, and one receipt more than it was stored with. */
export function delivered({ seq, stamp, value }: Kept<QueueMessage>): QueueMessage {
  const attributes = attributesOf(value)
  const receiveCount = attributes.receiveCount + 1
  return { ...value, attributes: { ...attributes, timestamp: stamp, sequence: BigInt(seq), receiveCount } }
}
