export { type Code, MessagingError, type MessagingErrorOptions, matchesPath, type Scope } from '@spanwire/driver'
export type {
  BareClient,
  Call,
  Checkpoint,
  Client,
  ConsumeOptions,
  Job,
  Message,
  PublishOptions,
  RequestOptions,
  RespondOptions,
  SendOptions,
  Sent,
  SubscribeOptions,
  Subscription,
  SubscriptionStatus,
  Table,
  TableEntry,
  TableOptions,
  WithParams,
  Worker,
} from './client/api.js'
export { createBareClient } from './client/bare.js'
export { createClient } from './client/client.js'
export { consume } from './client/consume.js'
export { explain } from './client/explain.js'
export { failback } from './client/failback.js'
export type { ClientEvent, FailoverRecord, SiteState, Status } from './client/happenings.js'
export type { ClientOptions, RouteOptions, SiteOptions } from './client/options.js'
export { publish, send } from './client/publish.js'
export { remove } from './client/remove.js'
export { request } from './client/request.js'
export { reroute } from './client/reroute.js'
export { respond } from './client/respond.js'
export { status } from './client/status.js'
export { subscribe } from './client/subscribe.js'
export { resume, suspend } from './client/suspend.js'
export { table } from './client/table.js'
export { type Verbs, withVerbs } from './client/verbs.js'
export { watch } from './client/watch.js'
export { bytes, type Codec, json, text } from './contract/codec.js'
export type {
  Contract,
  InputOf,
  OutputOf,
  ParamOf,
  ParamsOf,
  Queue,
  ReplyInputOf,
  ReplyOf,
  Rpc,
  Topic,
} from './contract/contract.js'
export { type QueueOptions, queue } from './contract/queue.js'
export { type RpcOptions, rpc } from './contract/rpc.js'
export type { SchemaIssue, SchemaResult, StandardSchema } from './contract/schema.js'
export { escapeToken, pathOf, patternOf, unescapeToken } from './contract/template.js'
export { type TopicOptions, topic } from './contract/topic.js'
export { hop } from './hop/hop.js'
export type { Explanation } from './route/explain.js'
export type { Location } from './route/picture.js'
export { all, local, nearest, type Policy, pinned, primary, weighted } from './route/policy.js'
export type { Duration } from './runtime/duration.js'
export { type Runtime, systemRuntime } from './runtime/runtime.js'
export type { HealthOptions } from './session/patience.js'
