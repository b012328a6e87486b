import { randomUUID } from 'node:crypto'
import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js'
import type { Broker } from './broker.js'
import { answer, type Failure, failStream, internal, whenGone } from './calls.js'
import { listeningError } from './events.js'
import type { Hub } from './hub.js'
import { troubleWith } from './names.js'
import { Outlet } from './outlet.js'
import { type Empty, Event, type Request, RequestType, Response, type Subscribe, SubscribeType } from './proto.js'
import { settling, UNSUBSCRIBE_MS } from './settling.js'
import { SAYS } from './texts.js'
import { requestError, requestsSubscriptionError, responseError } from './validate.js'

export function sendRequest(
  broker: Broker,
  call: ServerUnaryCall<Request, Response>,
  reply: sendUnaryData<Response>,
): void {
  answer(reply, request(broker, call.request))
}

async function request(broker: Broker, asked: Request): Promise<Response | Failure> {
  const hub = hubOf(broker, asked)
  if (hub === undefined) return internal(SAYS.requestType)
  const wrong = requestError(asked)
  if (wrong !== undefined) return internal(wrong)
  if (isPoisoned(broker, asked.channel)) return internal(SAYS.requestTimeout)
  const answered = await firstAnswer(broker, hub, asked)
  if (answered === undefined) return internal(SAYS.requestTimeout)
  // Of a command only whether it was executed comes back, and tags (6).
  const stripped =
    asked.requestTypeData === RequestType.COMMAND ? { body: new Uint8Array(), metadata: '', cacheHit: false } : {}
  return { ...answered, ...stripped, replyChannel: '' }
}

function hubOf(broker: Broker, { requestTypeData }: Request): Hub<Request> | undefined {
  if (requestTypeData === RequestType.COMMAND) return broker.commands
  return requestTypeData === RequestType.QUERY ? broker.queries : undefined
}

/** A request into such a channel fails after 1 to 3 ms as all do from then on, not after its timeout (3.4). */
function isPoisoned({ poison }: Broker, channel: string): boolean {
  const trouble = troubleWith(channel, '')
  if (trouble === 'tab' || trouble === 'line') poison.events = 'dead'
  return poison.events === 'dead'
}

/** Without a group every responder executes it (6). Undefined: nobody answered in time, or nobody is there. */
function firstAnswer(broker: Broker, hub: Hub<Request>, asked: Request): Promise<Response | undefined> {
  return new Promise((resolve) => {
    const inbox = broker.inboxes.open((response) => {
      clearTimeout(late)
      resolve(response)
    })
    const late = setTimeout(() => {
      broker.inboxes.close(inbox)
      resolve(undefined)
    }, asked.timeout + broker.chance.between(2, 8))
    hub.publish(asked.channel, { ...asked, requestId: asked.requestId || randomUUID(), replyChannel: inbox })
  })
}

/** Whoever asked is answered, or nobody: a late answer and a made-up channel are taken without a word (6). */
export function sendResponse(
  broker: Broker,
  call: ServerUnaryCall<Response, Empty>,
  reply: sendUnaryData<Empty>,
): void {
  const response = call.request
  const wrong = responseError(response) ?? (broker.poison.events === 'dead' ? SAYS.natsClosed : undefined)
  if (wrong !== undefined) {
    answer(reply, internal(wrong))
    return
  }
  if (!broker.inboxes.answer(response.replyChannel, response)) inject(broker, response)
  answer(reply, {})
}

/** A reply channel is a subject like any other: `_EVENTS_.x` puts an event into channel x (6). */
function inject(broker: Broker, response: Response): void {
  const [, channel] = /^_EVENTS_\.(.+)$/.exec(response.replyChannel) ?? []
  if (channel === undefined) return
  broker.events.publish(channel, Event.decode(Response.encode(response).finish()))
}

export function subscribeToRequests(broker: Broker, call: ServerWritableStream<Subscribe, Request>): void {
  const { subscribeTypeData, channel, group } = call.request
  const isCommands = subscribeTypeData === SubscribeType.COMMANDS
  if (!isCommands && subscribeTypeData !== SubscribeType.QUERIES) {
    failStream(call, internal(SAYS.subscribeType))
    return
  }
  const wrong = requestsSubscriptionError(call.request) ?? listeningError(channel, group)
  if (wrong !== undefined) {
    failStream(call, internal(wrong))
    return
  }
  const hub = isCommands ? broker.commands : broker.queries
  const outlet = new Outlet<Request>(call, broker.quirks())
  const listener = { pattern: channel, group, hear: (asked: Request) => outlet.push(asked) }
  const begin = setTimeout(() => hub.add(listener), settling(broker, 'requests'))
  whenGone(call, () => {
    clearTimeout(begin)
    outlet.close()
    setTimeout(() => hub.remove(listener), UNSUBSCRIBE_MS)
  })
}
