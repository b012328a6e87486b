import { KafkaError } from '../error.js'
import type { KafkaConnect } from '../port.js'
import { Reader } from '../protocol/bytes.js'
import type { BrokerAddress, Request } from '../protocol/requests.js'
import type { RawLine, Wire } from '../wire.js'
import { obey } from './obey.js'

/** Tags of the newer kind of head: none. */
const NO_TAGS = Buffer.from([0])

/** One connection to a broker. Answers come in the order of the questions: one that is late makes the connection worthless. */
export class Line {
  readonly to: BrokerAddress
  readonly #pending: Set<(error: KafkaError) => void> = new Set()
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

  /** Rejects when the line ends first, which it does when no answer has come in this time. */
  ask<T>(request: Request<T>, timeoutMs: number, signal?: AbortSignal): Promise<T> {
    const { api, version, flexible, body } = request
    const raw = this.#raw
    if (this.#ended !== undefined || raw === undefined) return Promise.reject(this.#ended ?? lost(this.to, undefined))
    const asked = new Promise<T>((resolve, reject) => {
      const late = setTimeout(() => this.cut(silent(this.to, timeoutMs)), timeoutMs)
      const done = (): void => {
        clearTimeout(late)
        this.#pending.delete(fail)
        this.#rest()
      }
      const fail = (error: KafkaError): void => {
        done()
        reject(error)
      }
      this.#pending.add(fail)
      raw.send(api, version, flexible ? Buffer.concat([NO_TAGS, body]) : body).then(
        (bytes) => {
          if (!this.#pending.has(fail)) return
          done()
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

  #rest(): void {
    if (this.#retired === undefined || this.#pending.size > 0) return
    this.cut(this.#retired.error)
    this.#retired.gone()
  }

  /** Ends it, and all that waits on it with this error. Again: does nothing. */
  cut(error: KafkaError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    for (const fail of [...this.#pending]) fail(error)
    this.#raw?.destroy()
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

function silent({ host, port }: BrokerAddress, timeoutMs: number): KafkaError {
  return new KafkaError('TIMEOUT', `The broker at ${host}:${port} gave no answer within ${timeoutMs} ms.`, {
    retriable: true,
  })
}

function garbage({ host, port }: BrokerAddress, cause: unknown): KafkaError {
  return new KafkaError('GARBAGE', `What ${host}:${port} answered is not Kafka's protocol: check the port.`, { cause })
}
