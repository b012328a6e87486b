import type { Flow, Reception } from '@spanwire/driver'
import { maybe, type Terms } from '@spanwire/driver/kit'
import { KubemqDelivery } from './delivery.js'
import { Ear } from './ear.js'
import { incapable } from './errors.js'
import type { Opened, Wanted } from './opened.js'
import { bytesOf } from './outlet.js'
import { pathOf, subscriptionsOf } from './place.js'
import { EventsStoreType, type Request, type Response, SubscribeType } from './proto/kubemq.js'
import { receptionOf } from './reception.js'
import { encodeTags, metadataOf } from './tags.js'

/** Requests that wait in a responder for their turn. KubeMQ keeps none, and whoever asked would wait for its deadline. */
const WAITING: Flow = { messages: 10_000, bytes: 64 << 20 }
/** How long the server may take to note an answer. */
const ANSWER_MS = 10_000

/** Requests to answer, queries and commands: at most `flow` at a time, the rest waits its turn here. */
export async function respond(opened: Opened, [source, flow, signal]: Wanted): Promise<Reception> {
  const { wire, spec, settings } = opened
  const { channels, passes } = subscriptionsOf(spec, source)
  const requests = new WeakMap<object, Request>()
  const reception = receptionOf(wire, { flow, terms: answering(opened, requests) })
  const hear = (request: Request): void => {
    const { channel, requestId: id, body, metadata, tags } = request
    const path = pathOf(spec, channel)
    if (passes?.(path) === false) return
    const received = { path, id, body, metadata, tags, timeNs: 0n, sequence: 0n, attempt: 1 }
    requests.set(received, request)
    reception.take(new KubemqDelivery(reception.origin, received))
    reception.trim(WAITING)
  }
  const kinds = [SubscribeType.QUERIES, SubscribeType.COMMANDS]
  const streams = channels.flatMap((channel) =>
    kinds.map((subscribeTypeData) => () => {
      const request = {
        subscribeTypeData,
        clientId: wire.freshId(),
        channel,
        // Without one, every responder would run every request.
        group: source.group ?? settings.responders,
        eventsStoreTypeData: EventsStoreType.UNDEFINED,
        eventsStoreTypeValue: 0n,
      }
      return wire.client.subscribeToRequests(request, wire.metadata)
    }),
  )
  const sound = { what: `Responding to ${channels[0]}`, streams, hear, refill: () => undefined }
  await Ear.attach(wire, sound, reception, signal)
  return reception
}

function answering({ wire, spec }: Opened, requests: WeakMap<object, Request>): Terms<KubemqDelivery> {
  const answer = (delivery: KubemqDelivery): Pick<Response, 'requestId' | 'replyChannel'> | undefined =>
    requests.get(delivery.received)
  return {
    leaseMs: Number.POSITIVE_INFINITY,
    // Somebody may have begun.
    takesBack: false,
    async settle(delivery, how, release) {
      if (how !== 'ack' && 'retryMs' in how) throw incapable(spec.name, 'retry a request')
      release()
      const request = answer(delivery)
      if (how === 'ack' || !request) return
      const { requestId, replyChannel } = request
      const body = bytesOf(how.body)
      const tags = encodeTags(how.headers, {})
      const response: Response = {
        clientId: wire.name,
        requestId,
        replyChannel,
        metadata: metadataOf(tags, body.length),
        body,
        cacheHit: false,
        timestamp: BigInt(Date.now()) * 1_000_000n,
        executed: how.error === undefined,
        error: how.error ?? '',
        span: NO_BYTES,
        tags,
      }
      await wire
        .ask(`Answering ${spec.name}`, AbortSignal.timeout(ANSWER_MS), (answered) =>
          wire.client.sendResponse(response, wire.metadata, answered),
        )
        .catch((cause: unknown) => {
          throw maybe(`The answer of ${spec.name} was not confirmed.`, 'message', cause)
        })
    },
    extend: () => Promise.reject(incapable(spec.name, 'extend a request')),
    // Nobody else can be given a request: whoever asked hears nothing and finds its outcome unknown.
    giveBack: () => undefined,
  }
}

const NO_BYTES = new Uint8Array()
