import { assertOptions, atLeast, flag, type OptionForms, text, wholeAtLeast } from '@spanwire/driver/kit'

/** What the driver can be told beyond endpoints and credentials. */
export interface NatsOptions {
  /** The server speaks TLS before anything else (`handshake_first`). Default false. */
  readonly tlsFirst?: boolean
  /** What reply subjects begin with, where users may not use `_INBOX`. */
  readonly inboxPrefix?: string
  /** Copies of each stream that is created. Default: 3 in a cluster, else 1. */
  readonly replicas?: number
  /** How long durable topics keep their messages, in ms; 0: for ever. Default 7 days. */
  readonly maxAgeMs?: number
  /** How many bytes a durable topic that is created may keep, then its oldest messages go; -1: no bound but the server's. Default -1. */
  readonly maxBytes?: number
  /**
   * How many bytes a queue that is created may hold, then it refuses more; -1: no bound but the server's. Default -1. Servers do
   * not delay messages for a queue with a bound of its own.
   */
  readonly maxQueueBytes?: number
  /** How long a delivery to a group on a durable topic stays ours without settle or extend, in ms. Default 30,000. */
  readonly groupLeaseMs?: number
}

export interface Settings extends Required<Omit<NatsOptions, 'replicas'>> {
  readonly replicas: number | undefined
}

const WEEK_MS = 7 * 24 * 3_600_000

const FORMS: OptionForms<keyof NatsOptions> = {
  tlsFirst: flag,
  inboxPrefix: text,
  replicas: wholeAtLeast(1),
  maxAgeMs: atLeast(0),
  maxBytes: wholeAtLeast(-1),
  maxQueueBytes: wholeAtLeast(-1),
  groupLeaseMs: atLeast(1),
}

/** Throws `invalid` for options that are unknown or wrong. */
export function settingsOf(options: NatsOptions): Settings {
  assertOptions(options, FORMS)
  return {
    tlsFirst: false,
    inboxPrefix: '_INBOX',
    maxAgeMs: WEEK_MS,
    maxBytes: -1,
    maxQueueBytes: -1,
    groupLeaseMs: 30_000,
    replicas: undefined,
    ...options,
  }
}
