import { randomUUID } from 'node:crypto'
import type { ClientDuplexStream, ClientReadableStream, ServiceError } from '@grpc/grpc-js'
import { within } from '../../src/conformance/wait.js'
import {
  type EventReceive,
  type kubemqClient,
  QueueMessage,
  QueuesDownstreamRequest,
  type QueuesDownstreamResponse,
  QueuesUpstreamRequest,
  type QueuesUpstreamResponse,
  type Request,
  Subscribe,
  QueuesDownstreamRequestType as Type,
} from '../../src/kubemq/proto.js'
import { endLater } from './peer.js'

/** All that a stream gave, and how it ended. */
export class Heard<T> {
  readonly all: T[] = []
  readonly call: { cancel(): void }
  error: ServiceError | undefined
  state: 'open' | 'ended' = 'open'
  readonly #awaited: Set<() => void> = new Set()

  constructor(call: ClientReadableStream<T> | ClientDuplexStream<never, T>) {
    this.call = call
    call.on('data', (one: T) => this.#happened(() => this.all.push(one)))
    call.on('error', (error: ServiceError) => this.#happened(() => (this.error = error)))
    call.on('end', () => this.#happened(() => (this.state = 'ended')))
    endLater(() => call.cancel())
  }

  /** Resolves with all of them when there are as many. */
  async have(count: number, ms = 5_000): Promise<readonly T[]> {
    await this.until(`${count} arrive`, () => this.all.length >= count, ms)
    return this.all
  }

  async failed(ms = 5_000): Promise<{ readonly code: number; readonly details: string }> {
    await this.until('the stream fails', () => this.error !== undefined, ms)
    return { code: this.error?.code ?? 0, details: this.error?.details ?? '' }
  }

  async ended(ms = 10_000): Promise<void> {
    await this.until('the stream ends', () => this.state === 'ended', ms)
  }

  /** Resolves with the first that is wanted. */
  async first(what: string, isWanted: (one: T) => boolean, ms: number): Promise<T> {
    let found: T | undefined
    const find = () => {
      found = this.all.find(isWanted)
      return found !== undefined
    }
    await this.until(what, find, ms)
    return found as T
  }

  async until(what: string, holds: () => boolean, ms: number): Promise<void> {
    if (holds()) return
    let check = (): void => {}
    const so = new Promise<void>((resolve) => {
      check = () => holds() && resolve()
    })
    this.#awaited.add(check)
    try {
      await within(what, so, ms)
    } finally {
      this.#awaited.delete(check)
    }
  }

  #happened(what: () => void): void {
    what()
    for (const check of this.#awaited) check()
  }
}

export function subscribe(client: kubemqClient, wanted: Partial<Subscribe>): Heard<EventReceive> {
  return new Heard(client.subscribeToEvents(Subscribe.create({ clientId: randomUUID(), ...wanted })))
}

export function respond(client: kubemqClient, wanted: Partial<Subscribe>): Heard<Request> {
  return new Heard(client.subscribeToRequests(Subscribe.create({ clientId: randomUUID(), ...wanted })))
}

/** A stream that receives from queues; one answer to each request that has one. */
export class Downstream {
  readonly call: ClientDuplexStream<QueuesDownstreamRequest, QueuesDownstreamResponse>
  readonly heard: Heard<QueuesDownstreamResponse>

  constructor(client: kubemqClient) {
    this.call = client.queuesDownstream()
    this.heard = new Heard(this.call)
  }

  tell(request: Partial<QueuesDownstreamRequest>): string {
    const requestId = randomUUID()
    this.call.write(QueuesDownstreamRequest.create({ requestId, clientId: 'taker', ...request }))
    return requestId
  }

  async ask(request: Partial<QueuesDownstreamRequest>, ms = 10_000): Promise<QueuesDownstreamResponse> {
    return await this.answerTo(this.tell(request), ms)
  }

  async answerTo(requestId: string, ms = 10_000): Promise<QueuesDownstreamResponse> {
    return await this.heard.first('the request is answered', ({ refRequestId }) => refRequestId === requestId, ms)
  }

  async get(channel: string, maxItems: number, more: Partial<QueuesDownstreamRequest> = {}): Promise<Got> {
    const request = { requestTypeData: Type.GET, channel, maxItems, waitTimeout: 1_000, ...more }
    return new Got(this, await this.ask(request))
  }
}

/** What one Get was answered with. */
export class Got {
  readonly response: QueuesDownstreamResponse
  readonly #stream: Downstream

  constructor(stream: Downstream, response: QueuesDownstreamResponse) {
    this.#stream = stream
    this.response = response
  }

  get bodies(): readonly string[] {
    return this.response.messages.map(({ body }) => Buffer.from(body).toString())
  }

  get seqs(): readonly bigint[] {
    return this.response.messages.map(({ attributes }) => attributes?.sequence ?? 0n)
  }

  get counts(): readonly number[] {
    return this.response.messages.map(({ attributes }) => attributes?.receiveCount ?? 0)
  }

  /** Settles, and waits until the stream has done it: success is silent, the answer to the next request is not. */
  async settle(requestTypeData: number, more: Partial<QueuesDownstreamRequest> = {}): Promise<string> {
    const refTransactionId = this.response.transactionId
    const type = requestTypeData as QueuesDownstreamRequest['requestTypeData']
    const settled = this.#stream.tell({ requestTypeData: type, refTransactionId, ...more })
    await this.#stream.ask({ requestTypeData: Type.ACTIVE_OFFSETS, refTransactionId })
    return this.#stream.heard.all.find(({ refRequestId }) => refRequestId === settled)?.error ?? ''
  }

  async ackAll(): Promise<string> {
    return await this.settle(Type.ACK_ALL)
  }
}

/** A stream that sends to queues. */
export class Upstream {
  readonly call: ClientDuplexStream<QueuesUpstreamRequest, QueuesUpstreamResponse>
  readonly heard: Heard<QueuesUpstreamResponse>

  constructor(client: kubemqClient) {
    this.call = client.queuesUpstream()
    this.heard = new Heard(this.call)
  }

  tell(messages: readonly Partial<QueueMessage>[]): string {
    const requestId = randomUUID()
    this.call.write(QueuesUpstreamRequest.create({ requestId, messages: messages.map(queueMessage) }))
    return requestId
  }

  async send(messages: readonly Partial<QueueMessage>[], ms = 10_000): Promise<QueuesUpstreamResponse> {
    const requestId = this.tell(messages)
    return await this.heard.first('the request is answered', ({ refRequestId }) => refRequestId === requestId, ms)
  }
}

export function queueMessage(message: Partial<QueueMessage>): QueueMessage {
  return QueueMessage.create({ clientId: 'sender', ...message })
}

export function body(text: string): Uint8Array {
  return Buffer.from(text)
}

export function textOf({ body: bytes }: { readonly body: Uint8Array }): string {
  return Buffer.from(bytes).toString()
}

/** Bodies 1 to n. */
export function numbered(channel: string, count: number): Partial<QueueMessage>[] {
  return Array.from({ length: count }, (_, i) => ({ channel, body: body(String(i + 1)) }))
}

export function range(count: number, from = 1): string[] {
  return Array.from({ length: count }, (_, i) => String(from + i))
}
