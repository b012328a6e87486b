import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import type { MessagingError } from '@spanwire/driver'
import { maybe, notHeld } from '@spanwire/driver/kit'
import { fault } from './errors.js'
import {
  type QueuesDownstreamRequest,
  type QueuesDownstreamResponse,
  QueuesDownstreamRequestType as Type,
} from './proto/kubemq.js'
import type { Settling, Settlings, Transaction } from './transaction.js'
import type { Wire } from './wire.js'

/** The server's shortest wait for messages. Longer ones hold up other clients, as the server has 200 connections for all waits. */
const WAIT_MS = 1_000

/** An answer, or nothing when the stream ended first. */
type Answered = (answer: QueuesDownstreamResponse | undefined) => void

/** One stream on which messages are got from a queue and settled. The server works its requests off one by one. */
export class Downstream {
  readonly #wire: Wire
  readonly #queue: string
  readonly #stream: ClientDuplexStream<QueuesDownstreamRequest, QueuesDownstreamResponse>
  readonly #listening: { cancel(): void }
  readonly #waits = new Map<string, Answered>()

  /** `onOver`: the server ended it; not called when the link ends, or after `end`. */
  constructor(wire: Wire, queue: string, onOver: (error: ServiceError | undefined) => void) {
    this.#wire = wire
    this.#queue = queue
    this.#stream = wire.client.queuesDownstream(wire.metadata)
    this.#listening = wire.listen(this.#stream, { data: (answer) => this.#hear(answer), over: onOver })
  }

  /** Nothing is waited for. */
  get isIdle(): boolean {
    return this.#waits.size === 0
  }

  /** So many messages at most, when they are there, or what is there after a second. */
  get(maxItems: number): Promise<QueuesDownstreamResponse | undefined> {
    return new Promise((resolve) => void this.#send({ requestTypeData: Type.GET, maxItems }, resolve))
  }

  /** An open transaction that is not full swallows what comes next. */
  close(transactionId: string): void {
    this.#send({ requestTypeData: Type.CLOSE_BY_CLIENT, refTransactionId: transactionId })
  }

  /**
   * Settles each, and resolves when the server has noted all of them. It says nothing when that succeeds: the answer to a
   * question behind it proves it, as requests are worked off in their order.
   */
  settle(all: Settlings): Promise<void> {
    return new Promise((resolve) => {
      const open = new Set([...all.values()].flat())
      const requests: string[] = []
      const finish = (some: Iterable<Settling>, error: MessagingError | undefined): void => {
        for (const one of some) {
          if (!open.delete(one)) continue
          if (error) one.reject(error)
          else one.resolve()
        }
        if (open.size > 0) return
        for (const id of requests) this.#waits.delete(id)
        resolve()
      }
      let refTransactionId = ''
      for (const [transaction, some] of all) {
        refTransactionId = transaction.id
        for (const [request, part] of steps(transaction, some)) {
          requests.push(this.#send(request, (answer) => finish(part, this.#errorIn(answer))))
        }
      }
      const question = { requestTypeData: Type.ACTIVE_OFFSETS, refTransactionId }
      // Of a closed transaction it says that it is closed, which will do.
      requests.push(this.#send(question, (answer) => finish(open, answer ? undefined : this.#lost())))
    })
  }

  /** Whatever is waited for will not come. What was got and not settled goes back. */
  end(): void {
    this.#listening.cancel()
    const all = [...this.#waits.values()]
    this.#waits.clear()
    for (const answered of all) answered(undefined)
  }

  #send(request: Partial<QueuesDownstreamRequest>, answered?: Answered): string {
    const requestId = this.#wire.freshId()
    if (answered) this.#waits.set(requestId, answered)
    this.#stream.write({ ...BLANK, ...request, requestId, clientId: this.#wire.name, channel: this.#queue })
    return requestId
  }

  #hear(answer: QueuesDownstreamResponse): void {
    const { refRequestId } = answer
    const answered = this.#waits.get(refRequestId)
    this.#waits.delete(refRequestId)
    answered?.(answer)
  }

  #errorIn(answer: QueuesDownstreamResponse | undefined): MessagingError | undefined {
    if (!answer) return this.#lost()
    if (!answer.isError) return undefined
    const { error } = answer
    return /closed response|not found|invalid n?ack sequence/.test(error)
      ? notHeld(` (KubeMQ: ${error.trim()})`)
      : fault(`Settling a message of ${this.#queue}`, error)
  }

  #lost(): MessagingError {
    return maybe(
      `The stream of queue ${this.#queue} ended before the server said that a message is settled.`,
      'channel',
    )
  }
}

const BLANK: QueuesDownstreamRequest = {
  requestId: '',
  clientId: '',
  requestTypeData: Type.UNKNOWN,
  channel: '',
  maxItems: 0,
  waitTimeout: WAIT_MS,
  // The server would count as done what it had not sent yet.
  autoAck: false,
  reQueueChannel: '',
  sequenceRange: [],
  refTransactionId: '',
  metadata: {},
}

/** What to say about these of one transaction. What goes back does so by closing it, unless others of it are still ours. */
function steps(
  transaction: Transaction,
  some: readonly Settling[],
): [Partial<QueuesDownstreamRequest>, readonly Settling[]][] {
  const { id: refTransactionId, open } = transaction
  for (const { sequences } of some) for (const sequence of sequences) open.delete(sequence)
  const isLast = open.size === 0
  const acks = some.filter(({ how }) => how === 'ack')
  const nacks = some.filter(({ how }) => how === 'nack' || (how === 'back' && !isLast))
  const range = (requestTypeData: QueuesDownstreamRequest['requestTypeData'], part: readonly Settling[]) => {
    const sequenceRange = part.flatMap(({ sequences }) => sequences)
    return [{ requestTypeData, refTransactionId, sequenceRange }, part] as [
      Partial<QueuesDownstreamRequest>,
      readonly Settling[],
    ]
  }
  return [
    ...(acks.length > 0 ? [range(Type.ACK_RANGE, acks)] : []),
    ...(nacks.length > 0 ? [range(Type.NACK_RANGE, nacks)] : []),
    ...(isLast ? [range(Type.CLOSE_BY_CLIENT, [])] : []),
  ]
}
