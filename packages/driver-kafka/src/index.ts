export { kafka } from './driver.js'
export type { KafkaOptions } from './options.js'
export { partitionOf } from './partition.js'
export { KafkaError, type KafkaErrorOptions, type OwnCode } from './port/error.js'
export type { Committed, KafkaGroupMember, MembershipListener, MembershipOptions } from './port/group.js'
export { kafkajs } from './port/kafkajs.js'
export { platformatic } from './port/platformatic.js'
export type {
  KafkaClient,
  KafkaConnect,
  KafkaPartition,
  KafkaPoint,
  KafkaPort,
  KafkaSasl,
  KafkaTimes,
  KafkaTls,
  KafkaTopic,
  NewKafkaTopic,
} from './port/port.js'
export { defaultTimes } from './port/port.js'
export type { KafkaHeader, NewRecord, ProduceBatch, Produced } from './port/producing.js'
export type { CodecOptions, Decompress } from './port/protocol/codecs.js'
export type { Fetched, Fetching, KafkaReader, KafkaRecord, Missing, ReadFrom, TopicPartition } from './port/reading.js'
