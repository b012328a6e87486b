export {
  type InitialState,
  SpanwireProvider,
  type SpanwireProviderProps,
  useClient,
} from './provider.js'
export type { Connection, ConnectionState } from './store/connection.js'
export type { Flush } from './store/flush.js'
export type { History } from './store/history.js'
export type { Progress } from './store/progress.js'
export type { FailoverEvent } from './store/timeline.js'
export { useChannel } from './use-channel.js'
export { useConnection } from './use-connection.js'
export { useFailover } from './use-failover.js'
export { useBoards as useInternalBoards } from './use-glance.js'
export { type HistoryOptions, useHistory } from './use-history.js'
export { type Latest, type LatestOptions, useLatest } from './use-latest.js'
export type { ChannelOptions } from './use-listener.js'
export { usePublish, useSend } from './use-publish.js'
export { type Asking, useRequest } from './use-request.js'
export { type TableOptions, type TableRows, useKeys, useTable } from './use-table.js'
