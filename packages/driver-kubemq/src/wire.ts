import { randomBytes } from 'node:crypto'
import type { ClientUnaryCall, Metadata, ServiceError } from '@grpc/grpc-js'
import { status } from '@grpc/grpc-js'
import type { MessagingError } from '@spanwire/driver'
import { linkError, type Member } from '@spanwire/driver/kit'
import { aborted, callFault } from './errors.js'
import type { kubemqClient, PingResult } from './proto/kubemq.js'

/** Bytes handed over and not yet known to be taken. Beyond, sends are refused: a server that hangs must not eat our memory. */
const MAX_OPEN_BYTES = 128 * 1024 * 1024

/** A stream from the server, as far as we use it. */
export interface Stream<T> {
  readonly deserialize: (bytes: Buffer) => T
  on(event: 'data', listener: (message: T) => void): unknown
  on(event: 'error', listener: (error: ServiceError) => void): unknown
  on(event: 'end', listener: () => void): unknown
  cancel(): void
}

/** Who listens to a stream: `over` comes once, unless the link ends or we cancelled; without an error if the server just ended it. */
export interface Ears<T> {
  data(message: T): void
  over(error: ServiceError | undefined): void
}

type Answered<T> = (error: ServiceError | null, answer: T) => void

/** One gRPC channel, whose end settles everything that waits on it. */
export class Wire {
  readonly client: kubemqClient
  readonly endpoint: string
  readonly name: string
  /** The server's run: its host and when it started. What it numbers is valid within it. */
  readonly epoch: string
  /** The token, with every call. */
  readonly metadata: Metadata
  /** Why nothing can be said any more. */
  over: MessagingError | undefined
  heard = 0
  openBytes = 0
  /** What the link does when the connection is gone. */
  onLost: (cause: Error) => void = () => undefined
  readonly members: Set<Member> = new Set()
  readonly #calls = new Map<{ cancel(): void }, (error: MessagingError) => void>()
  readonly #run = randomBytes(6).toString('base64url')
  #serial = 0

  constructor(client: kubemqClient, { endpoint, name, epoch, metadata }: WireOptions) {
    this.client = client
    this.endpoint = endpoint
    this.name = name
    this.epoch = epoch
    this.metadata = metadata
  }

  /** A client id that nobody has had: the server's memory of older ones loses messages. */
  freshId(): string {
    return `${this.name}-${this.#run}-${(this.#serial++).toString(36)}`
  }

  /** Why nothing may be sent now; undefined: go on. */
  get shut(): MessagingError | undefined {
    if (this.over || this.openBytes < MAX_OPEN_BYTES) return this.over
    return linkError(
      'overloaded',
      `KubeMQ at ${this.endpoint} does not take what we send: ${this.openBytes} bytes wait.`,
    )
  }

  /** Hears a stream until it is over, or until `cancel`. */
  listen<T>(stream: Stream<T>, ears: Ears<T>): { cancel(): void } {
    let isOver = false
    const over = (error?: ServiceError): void => {
      if (isOver) return
      isOver = true
      this.#calls.delete(stream)
      if (error?.code === status.UNAVAILABLE) this.lost(error)
      if (!this.over) ears.over(error)
    }
    stream.on('data', (message) => {
      this.heard += 1
      if (!isOver) ears.data(message)
    })
    stream.on('error', over)
    stream.on('end', () => over())
    this.#calls.set(stream, () => {
      isOver = true
    })
    return {
      cancel: () => {
        isOver = true
        this.#calls.delete(stream)
        stream.cancel()
      },
    }
  }

  /** One call with one answer. `what`: the call, as errors name it. */
  ask<T>(what: string, signal: AbortSignal, begin: (answered: Answered<T>) => ClientUnaryCall): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.over) return reject(this.over)
      if (signal.aborted) return reject(aborted(signal, what))
      const call = begin((error, answer) => {
        done()
        if (error === null) {
          this.heard += 1
          return resolve(answer)
        }
        if (error.code === status.UNAVAILABLE) this.lost(error)
        reject(this.over ?? callFault(what, error))
      })
      const onAbort = (): void => {
        done()
        call.cancel()
        reject(aborted(signal, what))
      }
      const done = (): void => {
        signal.removeEventListener('abort', onAbort)
        this.#calls.delete(call)
      }
      signal.addEventListener('abort', onAbort)
      this.#calls.set(call, (error) => {
        done()
        reject(error)
      })
    })
  }

  /** One round trip. */
  ping(signal: AbortSignal, what: string): Promise<PingResult> {
    return this.ask(what, signal, (answered) => this.client.ping({}, this.metadata, answered))
  }

  /** One round trip, for the channel of that name: the server shows nothing of its channels. */
  async probe(name: string, signal: AbortSignal): Promise<void> {
    await this.ping(signal, `A probe of ${name}`)
  }

  /** Everything that waits hears of it, in this turn. */
  end(error: MessagingError, lost: MessagingError): void {
    if (this.over) return
    this.over = error
    const calls = [...this.#calls]
    this.#calls.clear()
    for (const [, cut] of calls) cut(error)
    for (const member of [...this.members]) member.end(error, lost)
    this.members.clear()
    for (const [call] of calls) call.cancel()
    this.client.close()
  }

  /** A call says that the connection is gone. */
  lost(cause: Error): void {
    if (!this.over) this.onLost(cause)
  }
}

export interface WireOptions {
  readonly endpoint: string
  /** Ours at the server. */
  readonly name: string
  readonly epoch: string
  readonly metadata: Metadata
}
