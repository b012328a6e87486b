export { partitionOf } from './partition.js'
export { PortError } from './port/error.js'
export type {
  Appended,
  Cluster,
  FetchEvents,
  Member,
  MemberEvents,
  Membership,
  NewRecord,
  NewTopic,
  Offsets,
  Partition,
  Place,
  Port,
  PortOptions,
  ReadEvents,
  Reader,
  RecordHeaders,
  Sasl,
  StoredRecord,
} from './port/port.js'
