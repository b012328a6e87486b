import { makeGenericClientConstructor } from '@grpc/grpc-js'
import { kubemqClient, kubemqService } from '../proto/kubemq.js'
import { encodeEvent, encodeUpstream } from './encode.js'

const { sendEventsStream, queuesUpstream } = kubemqService

const service = {
  ...kubemqService,
  sendEventsStream: { ...sendEventsStream, requestSerialize: encodeEvent },
  queuesUpstream: { ...queuesUpstream, requestSerialize: encodeUpstream },
} satisfies typeof kubemqService

/** The generated client, which encodes by hand what is sent most. gRPC says nothing of a client's calls; they are the generated one's. */
export const Client: typeof kubemqClient = makeGenericClientConstructor(
  service,
  kubemqClient.serviceName,
) as unknown as typeof kubemqClient
