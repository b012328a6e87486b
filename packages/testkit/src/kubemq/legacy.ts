import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { Broker } from './broker.js'
import { whenGone } from './calls.js'
import type { Group } from './group.js'
import type { Kept } from './log.js'
import { queueNameError } from './names.js'
import {
  type QueueMessage,
  type StreamQueueMessagesRequest as Request,
  type StreamQueueMessagesResponse as Response,
  StreamRequestType as Type,
} from './proto.js'
import {
  attributesOf,
  enqueue,
  isExpired,
  isUnreadable,
  NO_ATTRIBUTES,
  NO_POLICY,
  passesPolicy,
  putBack,
} from './queueing.js'
import type { Seat } from './seat.js'
import { SAYS } from './texts.js'
import { delivered } from './transaction.js'
import { isBeyond, policyError, queueMessageError } from './validate.js'

/** What a stream that waits holds after the server's end (5.3). */
const SEAT = { room: 1, ackWaitMs: 12 * 3_600_000 }

const MAX_VISIBILITY_S = 43_200
const MAX_WAIT_S = 3_600
const DEFAULT_VISIBILITY_S = 60

type Call = ServerDuplexStream<Request, Response>

/** One message at a time, then the stream ends well: the older way to receive, and the only one with a visibility (5.2). */
export function streamQueueMessage(broker: Broker, call: Call): void {
  const slot = broker.downstreams.next()
  // Has its client for as long as it lives.
  const work = slot.alone(() => new LegacyStream(broker, call).ended)
  work.catch(() => call.destroy())
}

class LegacyStream {
  readonly ended: Promise<void>
  readonly #broker: Broker
  readonly #call: Call
  #end = (): void => {}
  #timer: NodeJS.Timeout | undefined
  #current:
    | { readonly request: Request; readonly group: Group<QueueMessage>; readonly seat: Seat<QueueMessage> }
    | undefined
  #message: Kept<QueueMessage> | undefined

  constructor(broker: Broker, call: Call) {
    this.#broker = broker
    this.#call = call
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    call.on('data', (request: Request) => this.#handle(request))
    whenGone(call, () => {
      this.#release('put back')
      this.#end()
    })
  }

  #handle(request: Request): void {
    const wrong = requestError(request)
    if (wrong !== undefined) {
      this.#answer(request, { isError: true, error: wrong })
      return
    }
    switch (request.streamRequestTypeData) {
      case Type.RECEIVE_MESSAGE:
        this.#receive(request)
        return
      case Type.MODIFY_VISIBILITY:
        this.#await(request.visibilitySeconds || DEFAULT_VISIBILITY_S, () => this.#visibilityOver())
        this.#answer(request)
        return
      default:
        this.#settle(request)
    }
  }

  #receive(request: Request): void {
    if (this.#current !== undefined) {
      this.#answer(request, { isError: true, error: SAYS.alreadyActive })
      return
    }
    if (isUnreadable(request.channel)) {
      this.#answer(request, { isError: true, error: SAYS.cannotSubscribe })
      return
    }
    const group = this.#broker.queues.group(request.channel, 'queue')
    this.#await(request.waitTimeSeconds || 1, () => this.#finish(request, { isError: true, error: SAYS.noNewMessage }))
    const seat = group.join(SEAT, (kept) => queueMicrotask(() => this.#take(kept)))
    this.#current = { request, group, seat }
  }

  #take(kept: Kept<QueueMessage>): void {
    if (this.#current === undefined || this.#message !== undefined) return
    const { request, group, seat } = this.#current
    const message = delivered(kept)
    if (!passesPolicy(this.#broker, message, attributesOf(message).receiveCount) || isExpired(message)) {
      group.ack(seat, kept.seq)
      return
    }
    this.#message = kept
    this.#await(request.visibilitySeconds || DEFAULT_VISIBILITY_S, () => this.#visibilityOver())
    this.#answer(request, { message })
  }

  #settle(request: Request): void {
    const message = this.#message
    const type = request.streamRequestTypeData
    if (message === undefined) {
      this.#answer(request, { isError: true, error: NONE[type] ?? SAYS.noneToAck })
      return
    }
    const names = type === Type.ACK_MESSAGE || type === Type.REJECT_MESSAGE
    if (names && request.refSequence !== BigInt(message.seq)) {
      this.#answer(request, { isError: true, error: SAYS.ackSequence })
      return
    }
    if (type === Type.RESEND_MESSAGE || type === Type.SEND_MODIFIED_MESSAGE) {
      const next =
        type === Type.RESEND_MESSAGE ? { ...message.value, channel: request.channel } : request.modifiedMessage
      if (next === undefined || enqueue(this.#broker, { ...next, attributes: NO_ATTRIBUTES }).result.isError) {
        this.#answer(request, { isError: true, error: SAYS.sendingFailed })
        return
      }
    }
    this.#release(type === Type.REJECT_MESSAGE ? 'put back' : 'done')
    this.#finish(request)
  }

  #visibilityOver(): void {
    const request = this.#current?.request
    this.#release('put back')
    if (request !== undefined) this.#finish(request, { isError: true, error: SAYS.visibilityExpired })
  }

  /** The message is taken off the queue; put back, a copy that counts one more stands at the tail (5.2). */
  #release(how: 'done' | 'put back'): void {
    clearTimeout(this.#timer)
    if (this.#current === undefined) return
    const { group, seat } = this.#current
    this.#current = undefined
    if (this.#message !== undefined) {
      if (how === 'put back') putBack(this.#broker, this.#message.value)
      group.ack(seat, this.#message.seq)
      this.#message = undefined
    }
    group.leave(seat)
    this.#broker.journal()?.flush()
  }

  #await(seconds: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, seconds * 1_000)
  }

  #answer(request: Request, more: Partial<Response> = {}): void {
    if (this.#call.cancelled) return
    const { requestId, streamRequestTypeData } = request
    this.#call.write({ requestId, streamRequestTypeData, message: undefined, isError: false, error: '', ...more })
  }

  #finish(request: Request, more: Partial<Response> = {}): void {
    this.#release('done')
    this.#answer(request, more)
    this.#call.end()
    this.#end()
  }
}

const NONE: Readonly<Record<number, string>> = {
  [Type.REJECT_MESSAGE]: SAYS.noneToReject,
  [Type.RESEND_MESSAGE]: SAYS.noneToSend,
}

function requestError(request: Request): string | undefined {
  if (request.clientId === '') return SAYS.clientId
  switch (request.streamRequestTypeData) {
    case Type.RECEIVE_MESSAGE:
      return queueNameError(request.channel) ?? visibilityError(request) ?? waitError(request)
    case Type.ACK_MESSAGE:
    case Type.REJECT_MESSAGE:
      return request.refSequence === 0n ? SAYS.ackSequence : undefined
    case Type.RESEND_MESSAGE:
      return queueNameError(request.channel)
    case Type.MODIFY_VISIBILITY:
      return visibilityError(request)
    case Type.SEND_MODIFIED_MESSAGE:
      if (request.modifiedMessage === undefined) return SAYS.queueMessage
      return queueMessageError(request.modifiedMessage) ?? policyError(request.modifiedMessage.policy ?? NO_POLICY)
    default:
      return SAYS.streamRequest
  }
}

function visibilityError({ visibilitySeconds }: Request): string | undefined {
  return isBeyond(visibilitySeconds, MAX_VISIBILITY_S) ? SAYS.visibility : undefined
}

function waitError({ waitTimeSeconds }: Request): string | undefined {
  return isBeyond(waitTimeSeconds, MAX_WAIT_S) ? SAYS.waitTimeout : undefined
}
