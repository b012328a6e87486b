import { type DrainNotice, type Headers, MessagingError } from '@spanwire/driver'
import type { Tuple } from './delivery.js'
import type { SocketLike } from './driver.js'
import { canceled, fromWire, linkError, type WireError } from './errors.js'
import { Frame, type Op, readFrame, type Slot } from './frame.js'
import type { GatewayReception, More } from './reception.js'
import type { Sending } from './sending.js'

interface Call {
  resolve(value: never): void
  reject(error: MessagingError): void
}

/** What may lie in the socket unsent before more is refused: a gateway that does not read must not eat our memory. */
const MAX_BUFFERED = 16 * 1024 * 1024

/** Who said what on one socket: numbers questions, finds who waits for an answer, and writes what one tick gathered as one message. */
export class Conversation {
  /** Why nothing can be said any more. */
  over: MessagingError | undefined
  readonly frame: Frame = new Frame()
  readonly sendings: Map<number, Sending> = new Map()
  readonly receptions: Map<number, GatewayReception> = new Map()
  /** Names the log that positions are of. */
  readonly epoch: string
  readonly onDrain: (notice: DrainNotice) => void
  readonly #calls = new Map<number, Call>()
  readonly #socket: SocketLike
  readonly #maxFrame: number
  #number = 0
  #due = false

  constructor(socket: SocketLike, maxFrame: number, epoch: string, onDrain: (notice: DrainNotice) => void) {
    this.#socket = socket
    this.epoch = epoch
    // Escaped text may be six times as long as the guess.
    this.#maxFrame = Math.min(65_536, maxFrame / 8)
    this.onDrain = onDrain
  }

  number(): number {
    this.#number += 1
    return this.#number
  }

  get full(): boolean {
    return this.#socket.bufferedAmount > MAX_BUFFERED
  }

  /** Asks, and gives the question's number and the answer. Aborted, the gateway is told to forget it. */
  call<T>(name: string, fields: readonly unknown[], signal?: AbortSignal): [number: number, answer: Promise<T>] {
    const number = this.number()
    if (this.over) return [number, Promise.reject(this.over)]
    if (signal?.aborted) return [number, Promise.reject(canceled(`A call to the gateway (${name})`))]
    const answer = new Promise<T>((resolve, reject) => {
      const onAbort = (): void => {
        off()
        this.#calls.delete(number)
        this.post(['cancel', number])
        reject(canceled(`A call to the gateway (${name})`))
      }
      const off = (): void => signal?.removeEventListener('abort', onAbort)
      signal?.addEventListener('abort', onAbort)
      this.#calls.set(number, {
        resolve(value) {
          off()
          resolve(value)
        },
        reject(error) {
          off()
          reject(error)
        },
      })
    })
    this.post([name, number, ...fields])
    return [number, answer]
  }

  post(op: Op): void {
    this.frame.add(op)
    if (this.frame.size > this.#maxFrame) this.flush()
    else if (!this.#due) {
      this.#due = true
      queueMicrotask(() => this.flush())
    }
  }

  flush(): void {
    this.#due = false
    const message = this.over ? undefined : this.frame.take()
    if (message) this.#socket.send(message)
  }

  hear(data: string | ArrayBuffer): void {
    const { ops, body } = readFrame(data)
    for (const [name, ...fields] of ops) OPS[name as keyof Fields]?.(this, fields as never, body)
  }

  /** Who asked that; nobody when it was taken back. */
  answered(number: number): Call | undefined {
    const call = this.#calls.get(number)
    this.#calls.delete(number)
    return call
  }

  /** Everything that waits hears of it, here and now. */
  end(error: MessagingError): void {
    this.over = error
    const unknown = new MessagingError('outcome-unknown', `${error.message} What was on its way may have been taken.`, {
      scope: 'link',
      cause: error,
    })
    for (const sending of this.sendings.values()) sending.fail('unknown', unknown)
    for (const call of this.#calls.values()) call.reject(error)
    for (const reception of this.receptions.values()) reception.finish()
    this.sendings.clear()
    this.#calls.clear()
    this.receptions.clear()
  }
}

type ReadBody = ReturnType<typeof readFrame>['body']

/** Fields of the gateway's ops. It is trusted to keep to the protocol; what fails here ends the link as `decode`. */
interface Fields {
  msgs: [reception: number, tuples: readonly Tuple[], more?: More]
  ask: [reception: number]
  done: [send: number, ranges?: readonly number[], place?: string]
  reply: [send: number, index: number, body: Slot, error?: string | null, headers?: Headers]
  fail: [send: number, outcome: 'refused' | 'unsent' | 'unknown', error: WireError, ranges?: readonly number[]]
  ok: [question: number, result?: unknown]
  error: [question: number, error: WireError]
  end: [reception: number, error: WireError]
  gone: [reception: number, deliveries: readonly number[]]
  beat: [receptions: readonly number[]]
  ping: [number: number]
  flush: [number: number]
  drain: [reason: string, withinMs: number, elsewhere: readonly string[]]
}

/** What each of them does. Unknown ones are of a later minor version, and mean nothing here. */
const OPS: { readonly [Name in keyof Fields]: (talk: Conversation, fields: Fields[Name], body: ReadBody) => unknown } =
  {
    msgs: (talk, [number, tuples, more], body) => talk.receptions.get(number)?.take(tuples, body, more),
    ask: (talk, [number]) => talk.receptions.get(number)?.asked(),
    done: (talk, [number, ranges, place]) => talk.sendings.get(number)?.done(ranges, place && `${talk.epoch}|${place}`),
    reply: (talk, [number, index, slot, error, headers], body) =>
      talk.sendings.get(number)?.reply(index, body(slot), error, headers),
    fail: (talk, [number, outcome, error, ranges]) => talk.sendings.get(number)?.fail(outcome, fromWire(error), ranges),
    ok: (talk, [number, result]) => talk.answered(number)?.resolve(result as never),
    error: (talk, [number, error]) => talk.answered(number)?.reject(fromWire(error)),
    end: (talk, [number, error]) => {
      talk.receptions.get(number)?.finish(fromWire(error))
      talk.receptions.delete(number)
    },
    gone: (talk, [number, deliveries]) => talk.receptions.get(number)?.gone(deliveries),
    beat: (talk, [numbers]) => {
      for (const number of numbers) talk.receptions.get(number)?.beat()
    },
    ping: (talk, [number]) => talk.post(['pong', number]),
    flush: (talk, [number]) => talk.post(['ack', number]),
    drain: (talk, [reason, withinMs, elsewhere]) => talk.onDrain({ reason, withinMs, elsewhere }),
  }

/** Said of sends that could not even be put into the socket. */
export function overfull(): MessagingError {
  return linkError('overloaded', 'The gateway does not read what is sent; 16 MiB wait in the socket.')
}
