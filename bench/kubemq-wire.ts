/** KubeMQ's calls as the driver has them, for who uses them without the driver. */
export { credentials, Metadata } from '@grpc/grpc-js'
export {
  type Event,
  type EventReceive,
  EventsStoreType,
  kubemqClient,
  type QueueMessage,
  type QueuesDownstreamRequest,
  QueuesDownstreamRequestType,
  type QueuesDownstreamResponse,
  type QueuesUpstreamResponse,
  type Request,
  RequestType,
  type Result,
  SubscribeType,
} from '../packages/driver-kubemq/src/proto/kubemq.js'
