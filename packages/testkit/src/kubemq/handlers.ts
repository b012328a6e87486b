import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Broker } from './broker.js'
import { type Open, queuesDownstream } from './downstream.js'
import { sendEvent, sendEventsStream, subscribeToEvents } from './events.js'
import { ping, queuesInfo } from './info.js'
import { streamQueueMessage } from './legacy.js'
import type { kubemqServer } from './proto.js'
import { ackAllQueueMessages, receiveQueueMessages } from './receiving.js'
import { sendRequest, sendResponse, subscribeToRequests } from './requests.js'
import { queuesUpstream, sendQueueMessage, sendQueueMessagesBatch } from './upstream.js'

/** All 15 calls; those that this server is to be without are unknown to it. */
export function handlersOf(broker: Broker, open: Open): UntypedServiceImplementation {
  const all: kubemqServer = {
    ping: (call, reply) => ping(broker, call, reply),
    sendEvent: (call, reply) => sendEvent(broker, call, reply),
    sendEventsStream: (call) => sendEventsStream(broker, call),
    subscribeToEvents: (call) => subscribeToEvents(broker, call),
    sendRequest: (call, reply) => sendRequest(broker, call, reply),
    sendResponse: (call, reply) => sendResponse(broker, call, reply),
    subscribeToRequests: (call) => subscribeToRequests(broker, call),
    sendQueueMessage: (call, reply) => sendQueueMessage(broker, call, reply),
    sendQueueMessagesBatch: (call, reply) => sendQueueMessagesBatch(broker, call, reply),
    receiveQueueMessages: (call, reply) => receiveQueueMessages(broker, call, reply),
    ackAllQueueMessages: (call, reply) => ackAllQueueMessages(broker, call, reply),
    streamQueueMessage: (call) => streamQueueMessage(broker, call),
    queuesDownstream: (call) => queuesDownstream(broker, open, call),
    queuesUpstream: (call) => queuesUpstream(broker, call),
    queuesInfo: (call, reply) => queuesInfo(broker, call, reply),
  }
  const missing = new Set(broker.quirks().without.map((name) => name.toLowerCase()))
  return Object.fromEntries(Object.entries(all).filter(([name]) => !missing.has(name.toLowerCase())))
}
