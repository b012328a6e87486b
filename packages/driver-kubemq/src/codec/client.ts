import { makeGenericClientConstructor } from '@grpc/grpc-js'
import { kubemqClient, kubemqService } from '../proto/kubemq.js'
import { decodeDownstream, decodeEvent } from './decode.js'
import { encodeEvent, encodeUpstream } from './encode.js'

const { sendEventsStream, subscribeToEvents, queuesUpstream, queuesDownstream } = kubemqService

const service = {
  ...kubemqService,
  sendEventsStream: { ...sendEventsStream, requestSerialize: encodeEvent },
  subscribeToEvents: { ...subscribeToEvents, responseDeserialize: decodeEvent },
  queuesUpstream: { ...queuesUpstream, requestSerialize: encodeUpstream },
  queuesDownstream: { ...queuesDownstream, responseDeserialize: decodeDownstream },
} satisfies typeof kubemqService

/** The generated client, which encodes and decodes by hand what there is most of. gRPC says nothing of a client's calls; they are the generated one's. */
export const Client: typeof kubemqClient = makeGenericClientConstructor(
  service,
  kubemqClient.serviceName,
) as unknown as typeof kubemqClient
