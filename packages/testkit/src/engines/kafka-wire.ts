import { connect, type Socket } from 'node:net'

/** How long one answer may take. */
const ANSWER_MS = 2_000

/** A few requests of Kafka's protocol, in versions that every broker from 2.1 to 4.x has. Values are what the protocol calls them. */
export class KafkaWire {
  readonly #socket: Socket
  #heard: Buffer = Buffer.alloc(0)
  #waiting: ((answer: Buffer | undefined) => void) | undefined

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port })
    this.#socket.on('data', (bytes: Buffer) => this.#hear(bytes))
    for (const event of ['error', 'close']) this.#socket.on(event, () => this.#settle(undefined))
  }

  /** One at a time. `undefined`: no answer in time, or no connection. */
  ask(api: number, version: number, ...body: readonly Buffer[]): Promise<Answer | undefined> {
    const message = Buffer.concat([int16(api), int16(version), int32(0), text('engines'), ...body])
    if (this.#socket.destroyed) return Promise.resolve(undefined)
    this.#socket.write(Buffer.concat([int32(message.length), message]))
    return new Promise((resolve) => {
      const late = setTimeout(() => this.#settle(undefined), ANSWER_MS)
      this.#waiting = (answer) => {
        clearTimeout(late)
        this.#waiting = undefined
        resolve(answer && new Answer(answer))
      }
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #hear(bytes: Buffer): void {
    this.#heard = Buffer.concat([this.#heard, bytes])
    if (this.#heard.length < 4 || this.#heard.length < 4 + this.#heard.readInt32BE(0)) return
    const end = 4 + this.#heard.readInt32BE(0)
    // Behind the length comes the number of the request.
    const answer = this.#heard.subarray(8, end)
    this.#heard = this.#heard.subarray(end)
    this.#settle(answer)
  }

  #settle(answer: Buffer | undefined): void {
    this.#waiting?.(answer)
    if (answer === undefined) this.#socket.destroy()
  }
}

/** Reads an answer from its front. */
export class Answer {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8(): number {
    return this.#bytes.readInt8(this.#step(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#step(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#step(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#step(8))
  }

  text(): string {
    const length = Math.max(0, this.int16())
    const at = this.#step(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  list<T>(read: () => T): readonly T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read)
  }

  #step(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    return at
  }
}

export function int8(value: number): Buffer {
  const bytes = Buffer.alloc(1)
  bytes.writeInt8(value)
  return bytes
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

export function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
}

export function list(...items: readonly Buffer[]): Buffer {
  return Buffer.concat([int32(items.length), ...items])
}
