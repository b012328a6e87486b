import { type ClientUnaryCall, type ServiceError, status } from '@grpc/grpc-js'
import type { MessagingError, Outgoing, SendOutcome } from '@spanwire/driver'
import { channelError, failed, type Member, maybe, type Open } from '@spanwire/driver/kit'
import { callFault, isRefusal, isTooLarge, lostWith, numberOf } from './errors.js'
import type { Encoded } from './outlet.js'
import { type Request, RequestType, type Response } from './proto/kubemq.js'
import { decodeHeaders } from './tags.js'
import type { Wire } from './wire.js'

/** For requests without a deadline. */
const DEFAULT_TIMEOUT_MS = 60_000
/** The server ends a request itself when its time is over; one that does not by then is hung. */
const GRACE_MS = 2_000
/** So long before its time is over a request that is given up is ended at the server as well. */
const EARLY_MS = 100
/** A broker that is dead within its server says so at once. */
const AT_ONCE_MS = 100

interface UnderWay {
  readonly call: ClientUnaryCall
  /** When the server ends it, by `performance.now()`. */
  readonly until: number
}

/** Requests of one link that are under way. */
export class Requests implements Member {
  readonly #wire: Wire
  readonly #commands: readonly string[]
  readonly #calls = new Map<Open, Map<number, UnderWay>>()

  /** `commands`: names of the channels whose requests are commands. */
  constructor(wire: Wire, commands: readonly string[]) {
    this.#wire = wire
    this.#commands = commands
    wire.members.add(this)
  }

  /** Takes one request to the channel of that name, and reports what becomes of it. */
  send(
    name: string,
    message: Outgoing,
    { channel, metadata, body, tags, bytes }: Encoded,
    open: Open,
    index: number,
  ): void {
    const timeout = Math.max(1, Math.ceil(message.ttlMs ?? DEFAULT_TIMEOUT_MS))
    const request: Request = {
      requestId: message.id ?? this.#wire.freshId(),
      requestTypeData: this.#commands.includes(name) ? RequestType.COMMAND : RequestType.QUERY,
      clientId: this.#wire.name,
      channel,
      metadata,
      body,
      replyChannel: '',
      timeout,
      cacheKey: '',
      cacheTtl: 0,
      span: NO_BYTES,
      tags,
    }
    const since = performance.now()
    const { client, metadata: token } = this.#wire
    this.#wire.openBytes += bytes
    const call = client.sendRequest(
      request,
      token,
      { deadline: Date.now() + timeout + GRACE_MS },
      (error, response) => {
        this.#wire.openBytes -= bytes
        this.#calls.get(open)?.delete(index)
        if (this.#calls.get(open)?.size === 0) this.#calls.delete(open)
        if (error?.code === status.UNAVAILABLE) this.#wire.lost(error)
        else if (error) open.one(index, failure(name, error, performance.now() - since, request))
        else open.one(index, answer(name, request, response))
      },
    )
    const calls = this.#calls.get(open) ?? new Map<number, UnderWay>()
    this.#calls.set(open, calls.set(index, { call, until: since + timeout }))
  }

  /** Whoever lets a thousand streams of a connection be reset in a moment ends it (nghttp2, proxies): those whose time is over end by themselves. */
  forget(open: Open, index: number): void {
    const one = this.#calls.get(open)?.get(index)
    if (one && performance.now() < one.until - EARLY_MS) one.call.cancel()
  }

  end(_error: MessagingError, lost: MessagingError): void {
    const all = [...this.#calls]
    this.#calls.clear()
    for (const [open, calls] of all) {
      for (const [index, { call }] of calls) {
        open.one(index, failed('unknown', lost))
        call.cancel()
      }
    }
  }
}

function answer(name: string, { requestId }: Request, response: Response): SendOutcome {
  const { body, metadata, tags, executed, error } = response
  if (response.requestId !== '' && response.requestId !== requestId) {
    return failed('unknown', maybe(`A responder of ${name} answered another request than this one.`, 'message'))
  }
  const reply = {
    body,
    error: executed ? undefined : error || 'The responder failed and did not say why.',
    headers: () => decodeHeaders(tags, metadata),
  }
  return { outcome: 'done', reply }
}

const REFUSALS: readonly status[] = [status.UNIMPLEMENTED, status.PERMISSION_DENIED, status.UNAUTHENTICATED]

function failure(name: string, error: ServiceError, afterMs: number, { timeout, body }: Request): SendOutcome {
  const { code, details } = error
  const what = `A request to ${name}`
  if (isRefusal(details) || REFUSALS.includes(code)) return failed('refused', callFault(what, error))
  if (isTooLarge(error)) return lostWith(what, error, body.length)
  if (numberOf(details) !== 301) {
    return failed('unknown', maybe(`${what} failed: ${details}.`, 'message', error))
  }
  if (afterMs < Math.min(AT_ONCE_MS, timeout / 2)) {
    const why = `KubeMQ gives up requests to ${name} at once: its broker is dead within, restart the server.`
    return failed('unknown', channelError('outcome-unknown', why, { cause: error }))
  }
  const why = `Nobody answered a request to ${name} within ${timeout} ms: nobody responds, or it took too long.`
  return failed('unknown', maybe(why, 'message', error))
}

const NO_BYTES = new Uint8Array()
