import { randomUUID } from 'node:crypto'
import { type ServerDuplexStream, status } from '@grpc/grpc-js'
import type { Broker } from './broker.js'
import { failStream, whenGone, writeAndHold } from './calls.js'
import { queueNameError } from './names.js'
import { type QueuesDownstreamRequest, QueuesDownstreamResponse, QueuesDownstreamRequestType as Type } from './proto.js'
import { isUnreadable } from './queueing.js'
import { SAYS } from './texts.js'
import { Transaction } from './transaction.js'

/** A Get that asks for less waits so long all the same (5.1). */
const MIN_WAIT_MS = 1_000

/** What a Get for 0 or fewer asks for (5.1). */
const ALL = 200_000

type Call = ServerDuplexStream<QueuesDownstreamRequest, QueuesDownstreamResponse>

/** Who wants to know of all open transactions at a clean stop. */
export interface Open {
  readonly transactions: Set<Transaction>
}

/** One stream works on one request at a time: behind a Get that waits, all else waits too (5.1). */
export function queuesDownstream(broker: Broker, open: Open, call: Call): void {
  const stream = new Downstream(broker, open, call)
  call.on('data', (request: QueuesDownstreamRequest) => {
    call.pause()
    stream.handle(request).then(
      () => call.resume(),
      () => call.destroy(),
    )
  })
  // Half a close is not noticed (7). What is unsettled comes back when the stream is gone, and not before (5.2).
  whenGone(call, () => stream.close())
}

class Downstream {
  readonly #broker: Broker
  readonly #open: Open
  readonly #call: Call
  readonly #transactions: Map<string, Transaction> = new Map()
  #state: 'open' | 'gone' = 'open'

  constructor(broker: Broker, open: Open, call: Call) {
    this.#broker = broker
    this.#open = open
    this.#call = call
  }

  async handle(request: QueuesDownstreamRequest): Promise<void> {
    if (request.requestTypeData === Type.GET) return await this.#get(request)
    const transaction = this.#transactions.get(request.refTransactionId)
    if (transaction === undefined) {
      return this.#answer(request, { isError: true, error: 'transaction is completed or transaction id not found' })
    }
    if (request.requestTypeData === Type.ACTIVE_OFFSETS) return this.#offsets(request, transaction)
    const error = transaction.settle(request)
    this.#forgetClosed(transaction)
    if (error === undefined) return
    const known = error === 'request unknown' ? { requestTypeData: Type.UNKNOWN } : {}
    this.#answer(request, { isError: true, error, ...known })
  }

  close(): void {
    this.#state = 'gone'
    for (const transaction of this.#transactions.values()) {
      // One that still waits goes on to its end (5.1).
      if (transaction.state === 'open') transaction.close()
      this.#forgetClosed(transaction)
    }
  }

  /** On one of 200 clients that all streams share; it waits behind whoever has it (C15). */
  async #get(request: QueuesDownstreamRequest): Promise<void> {
    const slot = this.#broker.downstreams.next()
    await slot.alone(async () => {
      const error = slot.state === 'broken' ? SAYS.cannotSubscribe : getError(request)
      if (error === undefined) await this.#poll(request)
      else this.#answer(request, { transactionId: randomUUID(), isError: true, error })
    })
  }

  async #poll(request: QueuesDownstreamRequest): Promise<void> {
    const transaction = new Transaction(this.#broker, request.channel, request.maxItems > 0 ? request.maxItems : ALL)
    this.#open.transactions.add(transaction)
    const id = randomUUID()
    this.#transactions.set(id, transaction)
    // Goes on to its end although the client may be gone: what arrives meanwhile is held, or with AutoAck lost (5.1).
    const messages = await transaction.poll(Math.max(MIN_WAIT_MS, request.waitTimeout))
    if (request.autoAck && messages.length > 0) transaction.ackAll()
    if (this.#state === 'gone') transaction.close()
    this.#forgetClosed(transaction)
    this.#answer(request, { transactionId: id, messages: [...messages] })
  }

  #offsets(request: QueuesDownstreamRequest, transaction: Transaction): void {
    const { offsets } = transaction
    // Whoever is answered knows that what it settled before is settled (5.2).
    this.#broker.journal()?.flush()
    if (offsets !== undefined) {
      this.#answer(request, { activeOffsets: [...offsets] })
      return
    }
    this.#answer(request, { isError: true, error: 'cannot get active offsets with closed response ' })
  }

  #answer(request: QueuesDownstreamRequest, more: Partial<QueuesDownstreamResponse>): void {
    if (this.#state === 'gone') return
    const response = QueuesDownstreamResponse.create({
      transactionId: request.refTransactionId,
      refRequestId: request.requestId,
      requestTypeData: request.requestTypeData,
    })
    Object.assign(response, more)
    const bytes = tooLarge(response, this.#broker.quirks().maxBytes)
    if (bytes === undefined) {
      writeAndHold(this.#call, response)
      return
    }
    // The stream dies, the messages come back, and the next such Get ends the same (5.1).
    const details = `trying to send message larger than max (${bytes} vs. ${this.#broker.quirks().maxBytes})`
    failStream(this.#call, { code: status.RESOURCE_EXHAUSTED, details })
    this.close()
  }

  /** The server keeps an entry for each Get; the errors of closed ones depend on it (C16, 5.2). */
  #forgetClosed(transaction: Transaction): void {
    if (transaction.state === 'closed') this.#open.transactions.delete(transaction)
  }
}

function getError({ clientId, channel }: QueuesDownstreamRequest): string | undefined {
  if (clientId === '') return SAYS.clientId
  return queueNameError(channel) ?? (isUnreadable(channel) ? SAYS.cannotSubscribe : undefined)
}

/** Its size, if that is over the limit; counted only where it may be. */
function tooLarge(response: QueuesDownstreamResponse, max: number): number | undefined {
  const bodies = response.messages.reduce((sum, { body }) => sum + body.length, 0)
  if (bodies * 2 < max) return undefined
  const bytes = QueuesDownstreamResponse.encode(response).finish().length
  return bytes > max ? bytes : undefined
}
