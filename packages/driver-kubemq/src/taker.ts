import type { ServiceError } from '@grpc/grpc-js'
import type { MessagingError } from '@spanwire/driver'
import { type Member, maybe } from '@spanwire/driver/kit'
import { Backlog } from './backlog.js'
import { Crew, type Worker } from './crew.js'
import { Downstream } from './downstream.js'
import { endFault, fault, isRefusal, isTooLarge } from './errors.js'
import type { QueueMessage, QueuesDownstreamResponse } from './proto/kubemq.js'
import { type How, Settling, type Settlings, Transaction, Transactions } from './transaction.js'
import type { Wire } from './wire.js'

/** Pause after an error of the server, and how many in a row are one too many. */
const PAUSE_MS = 250
const MAX_ERRORS = 20

/** All that one link takes from one queue goes through here: two streams that take from one queue lose messages at the server. */
export class Taker implements Member {
  readonly #wire: Wire
  readonly #queue: string
  readonly #backlog: Backlog
  readonly #onIdle: () => void
  readonly #crew = new Crew()
  readonly #open = new Transactions()
  #settling = new Map<Transaction, Settling[]>()
  #stream: Downstream | undefined
  #getting: { readonly worker: Worker; readonly over: Promise<void> } | undefined
  #timer: NodeJS.Timeout | undefined
  #pausedUntil = 0
  #isDue = false
  #errors = 0
  /** How many messages the last Get asked for. */
  #asked = 1

  /** `onIdle`: nobody takes and nothing is open. */
  constructor(wire: Wire, queue: string, onIdle: () => void) {
    this.#wire = wire
    this.#queue = queue
    this.#backlog = new Backlog(wire, queue)
    this.#onIdle = onIdle
    wire.members.add(this)
  }

  join(worker: Worker): void {
    this.#crew.join(worker)
    this.wake()
  }

  /** Resolves when nothing more can come to this worker. */
  async quit(worker: Worker): Promise<void> {
    this.#crew.leave(worker)
    this.wake()
    if (this.#getting?.worker === worker) await this.#getting.over
  }

  /** Together with what else is settled in this turn. Resolves when the server has noted it. */
  settle(transaction: Transaction, sequence: bigint, how: How): Promise<void> {
    const some = this.#settling.get(transaction) ?? []
    if (some.length === 0) this.#settling.set(transaction, some)
    let settling = some.find((one) => one.how === how)
    if (!settling) {
      settling = new Settling(how)
      some.push(settling)
    }
    settling.sequences.push(sequence)
    this.wake()
    return settling.noted
  }

  /** There may be something to do: room, or something to settle. */
  wake(): void {
    if (this.#isDue || this.#wire.over) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      if (!this.#wire.over) this.#turn()
    })
  }

  end(_error: MessagingError, lost: MessagingError): void {
    clearTimeout(this.#timer)
    this.#lose(lost)
  }

  #turn(): void {
    const settling = this.#toSettle()
    if (settling.size > 0) {
      void this.#stream?.settle(settling).then(() => this.wake())
      this.#open.sweep(settling)
    }
    if (this.#getting) return
    const worker = this.#crew.next(1)
    const now = performance.now()
    const due = this.#backlog.isCautious && !this.#open.isPrompt ? undefined : this.#open.dueAt
    if (!worker) this.#rest()
    else if (this.#pausedUntil > now) this.#wait(this.#pausedUntil - now)
    else if (due !== undefined) this.#wait(due - now)
    else this.#begin(worker)
  }

  #toSettle(): Settlings {
    const all = this.#settling
    if (all.size > 0) this.#settling = new Map()
    return all
  }

  #begin(worker: Worker): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const over = this.#get(worker).then(() => {
      this.#getting = undefined
      this.wake()
    })
    this.#getting = { worker, over }
  }

  #wait(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#open.giveUp()
      if (this.#open.isMixed) this.#backlog.caution()
      this.wake()
    }, Math.ceil(ms))
  }

  async #get(worker: Worker): Promise<void> {
    const { messages: most, bytes } = worker.room
    const items = await this.#backlog.size(most, bytes, this.#open.held)
    if (this.#wire.over || !this.#crew.has(worker)) return
    this.#stream ??= new Downstream(this.#wire, this.#queue, (error) => this.#over(error))
    this.#asked = items
    const since = performance.now()
    const answer = await this.#stream.get(items)
    if (!answer) return
    if (answer.isError) {
      const error = fault(`Taking from ${this.#queue}`, answer.error)
      return this.#retry(error, isRefusal(answer.error))
    }
    this.#errors = 0
    this.#backlog.answered(items, answer.messages, performance.now() - since)
    this.#give(worker, answer)
  }

  /** To who asked for it, unless that has left. */
  #give(asked: Worker, { transactionId, messages }: QueuesDownstreamResponse): void {
    const open = new Set(messages.map(sequenceOf))
    const worker = this.#crew.has(asked) ? asked : this.#crew.next(open.size)
    if (!worker || open.size === 0) {
      this.#stream?.close(transactionId)
      return
    }
    const transaction = new Transaction(transactionId, worker, open)
    this.#open.add(transaction)
    this.#crew.toTheEnd(worker)
    worker.take(open.size === messages.length ? messages : once(messages), transaction)
  }

  /** Ends the stream when nobody needs it. */
  #rest(): void {
    if (!this.#crew.isEmpty || !this.#open.isEmpty || this.#stream?.isIdle === false) return
    clearTimeout(this.#timer)
    this.#stream?.end()
    this.#wire.members.delete(this)
    this.#onIdle()
  }

  /** The stream is over, and the link lives: what was got goes back to the queue. */
  #over(error: ServiceError | undefined): void {
    const why = endFault(`Taking from ${this.#queue}`, error)
    this.#lose(maybe(why.message, 'channel', why))
    this.#backlog.caution()
    // Several that are too large together come one by one. A single one will never come.
    this.#retry(why, why.code === 'capability' || (error !== undefined && isTooLarge(error) && this.#asked === 1))
    this.wake()
  }

  #retry(error: MessagingError, isFinal: boolean): void {
    this.#errors += 1
    this.#pausedUntil = performance.now() + PAUSE_MS
    if (isFinal || this.#errors > MAX_ERRORS) this.#crew.fail(error)
  }

  #lose(lost: MessagingError): void {
    const stream = this.#stream
    this.#stream = undefined
    stream?.end()
    for (const one of [...this.#toSettle().values()].flat()) one.reject(lost)
    this.#open.lose()
  }
}

/** The server may have a message twice in one answer, and would stop acknowledging at its second. */
function once(messages: readonly QueueMessage[]): readonly QueueMessage[] {
  return [...new Map(messages.map((message) => [sequenceOf(message), message])).values()]
}

function sequenceOf({ attributes }: QueueMessage): bigint {
  return attributes?.sequence ?? 0n
}
