import { KafkaError } from '../error.js'
import type { KafkaConnect } from '../port.js'
import { Reader } from '../protocol/bytes.js'
import type { BrokerAddress, Request } from '../protocol/requests.js'
import type { RawLine, Wire } from '../wire.js'
import { obey } from './obey.js'

/** Tags of the newer kind of head: none. */
const NO_TAGS = Buffer.from([0])

interface Pending {
  readonly timeoutMs: number
  fail(error: KafkaError): void
}

/**
 * One connection to a broker, which works at one question after the other and answers in their order: one that is late makes the
 * connection worthless.
 */
export class Line {
  readonly to: BrokerAddress
  /** The oldest first: the one that the broker works at. */
  readonly #pending: Set<Pending> = new Set()
  #late: NodeJS.Timeout | undefined
  #raw: RawLine | undefined
  #ended: KafkaError | undefined
  #retired: { readonly error: KafkaError; gone(): void } | undefined

  private constructor(to: BrokerAddress) {
    this.to = to
  }

  static async dial(wire: Wire, to: BrokerAddress, options: KafkaConnect, signal: AbortSignal): Promise<Line> {
    const line = new Line(to)
    const onEnd = (cause: Error | undefined): void => line.cut(lost(to, cause))
    const raw = await wire.dial({ host: to.host, port: to.port, onEnd }, options, signal)
    if (line.#ended !== undefined) throw line.#ended
    line.#raw = raw
    return line
  }

  get up(): boolean {
    return this.#ended === undefined
  }

  /** Rejects when the line ends first, which it does when no answer has come in this time, counted from when it is its turn. */
  ask<T>(request: Request<T>, timeoutMs: number, signal?: AbortSignal): Promise<T> {
    const { api, version, flexible, body } = request
    const raw = this.#raw
    if (this.#ended !== undefined || raw === undefined) return Promise.reject(this.#ended ?? lost(this.to, undefined))
    const asked = new Promise<T>((resolve, reject) => {
      const pending: Pending = { timeoutMs, fail: reject }
      this.#pending.add(pending)
      if (this.#pending.size === 1) this.#turn()
      raw.send(api, version, flexible ? Buffer.concat([NO_TAGS, body]) : body).then(
        (bytes) => {
          if (!this.#pending.delete(pending)) return
          this.#turn()
          this.#rest()
          try {
            resolve(readBy(request, bytes))
          } catch (cause) {
            const error = garbage(this.to, cause)
            reject(error)
            this.cut(error)
          }
        },
        (cause: unknown) => this.cut(lost(this.to, cause)),
      )
    })
    return signal === undefined ? asked : obey(asked, signal)
  }

  /** Ends it when all that was asked on it has its answer, or is late. Resolves then. */
  retire(error: KafkaError): Promise<void> {
    return new Promise((resolve) => {
      this.#retired = { error, gone: resolve }
      this.#rest()
    })
  }

  /** The broker works at the oldest from now on. */
  #turn(): void {
    clearTimeout(this.#late)
    const [oldest] = this.#pending
    if (oldest === undefined) return
    const { timeoutMs } = oldest
    this.#late = setTimeout(() => this.cut(silent(this.to, timeoutMs)), timeoutMs)
  }

  #rest(): void {
    if (this.#retired === undefined || this.#pending.size > 0) return
    this.cut(this.#retired.error)
    this.#retired.gone()
  }

  /** Ends it, and all that waits on it with this error. Again: does nothing. */
  cut(error: KafkaError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    const unanswered = [...this.#pending]
    this.#pending.clear()
    this.#turn()
    for (const { fail } of unanswered) fail(error)
    this.#raw?.destroy()
    this.#rest()
  }
}

function readBy<T>(request: Request<T>, bytes: Buffer): T {
  const reader = new Reader(bytes)
  if (request.flexible) reader.skipTags()
  return request.read(reader)
}

function lost({ host, port }: BrokerAddress, cause: unknown): KafkaError {
  const why = cause instanceof Error ? `: ${cause.message}` : ''
  return new KafkaError('NETWORK', `The connection to the broker at ${host}:${port} was lost${why}.`, {
    retriable: true,
    cause,
  })
}

/** It gave no answer. */
export function silent({ host, port }: BrokerAddress, timeoutMs: number): KafkaError {
  return new KafkaError('TIMEOUT', `The broker at ${host}:${port} gave no answer within ${timeoutMs} ms.`, {
    retriable: true,
  })
}

function garbage({ host, port }: BrokerAddress, cause: unknown): KafkaError {
  return new KafkaError('GARBAGE', `What ${host}:${port} answered is not Kafka's protocol: check the port.`, { cause })
}
