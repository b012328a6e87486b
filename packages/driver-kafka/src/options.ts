import type { KafkaPort, KafkaTimes } from './port/port.js'
import { defaultTimes } from './port/port.js'

/** What the driver can be told beyond endpoints and credentials. Settings of topics count for those that it creates. */
export interface KafkaOptions {
  /** The client library, behind the port. Default: kafkajs. */
  readonly port?: KafkaPort
  /** How user and password are proved. Default `plain`; a token goes by `oauthbearer`. */
  readonly sasl?: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  /** Partitions of each topic. Default 6. Where it is given, a topic that has another count is a `conflict`. */
  readonly partitions?: number
  /** Copies of each topic. Default: 3, or as many as the cluster makes by itself where it has fewer brokers. */
  readonly replicas?: number
  /** How long durable topics keep their messages, in ms; 0: for ever. Default 7 days. */
  readonly maxAgeMs?: number
  /** How long live topics, requests and answers are kept for whoever is behind, in ms. Default 10 minutes. */
  readonly liveMaxAgeMs?: number
  /** How long a delivery to a group on a durable topic stays ours without settle, in ms. Default 30,000. */
  readonly groupLeaseMs?: number
  /** The topic in which answers to requests come back. Default `sw.inbox`. */
  readonly inbox?: string
  /** After so long without a sign of a member its group goes on without it, in ms. Default 6,000, the least that brokers take by default. */
  readonly sessionMs?: number
  /** Limits of time towards the brokers. */
  readonly times?: Partial<KafkaTimes>
}

export interface Settings extends Required<Omit<KafkaOptions, 'port' | 'times' | 'partitions' | 'replicas'>> {
  readonly partitions: number | undefined
  readonly replicas: number | undefined
  readonly times: KafkaTimes
}

const WEEK_MS = 7 * 24 * 3_600_000

export function settingsOf({ port: _, times, ...options }: KafkaOptions): Settings {
  return {
    sasl: 'plain',
    maxAgeMs: WEEK_MS,
    liveMaxAgeMs: 600_000,
    groupLeaseMs: 30_000,
    inbox: 'sw.inbox',
    sessionMs: 6_000,
    partitions: undefined,
    replicas: undefined,
    ...options,
    times: { ...defaultTimes, ...times },
  }
}
