import { assertOptions, atLeast, made, type OptionForms, oneOf, text, wholeAtLeast } from '@spanwire/driver/kit'
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

const TIMES: OptionForms<keyof KafkaTimes> = {
  connectMs: atLeast(1),
  answerMs: atLeast(1),
  changeMs: atLeast(1),
  produceMs: atLeast(1),
  fetchWaitMs: atLeast(1),
  fetchLateMs: atLeast(1),
  lookAgainMs: atLeast(1),
}

const FORMS: OptionForms<keyof KafkaOptions> = {
  port: made,
  sasl: oneOf('plain', 'scram-sha-256', 'scram-sha-512'),
  partitions: wholeAtLeast(1),
  replicas: wholeAtLeast(1),
  maxAgeMs: atLeast(0),
  liveMaxAgeMs: atLeast(1),
  groupLeaseMs: atLeast(1),
  inbox: text,
  sessionMs: atLeast(1),
  times: { inside: TIMES },
}

/** Throws `invalid` for options that are unknown or wrong. */
export function settingsOf(given: KafkaOptions): Settings {
  assertOptions(given, FORMS)
  const { port: _, times, ...options } = given
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
