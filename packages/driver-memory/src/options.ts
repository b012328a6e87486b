import type { Credentials } from '@spanwire/driver'
import { assertOptions, atLeast, made, type OptionForms, text } from '@spanwire/driver/kit'
import { type Clock, systemClock } from './clock.js'

/** Of a memory engine. Each bound says what happens there. */
export interface EngineOptions {
  /** Shown in status and errors, and the id of its cluster. Default `memory`. */
  readonly name?: string
  /** Who may connect. Default: everybody. Expired credentials are refused in any case. */
  readonly authenticate?: (credentials: Credentials) => boolean
  /** One message, body and headers, in bytes; larger ones are refused one by one. Default 1 MiB. */
  readonly maxBytes?: number
  /** What a durable topic keeps; the oldest go first, and readers who wanted them are told `expired`. Default 200,000 messages and 256 MiB. */
  readonly retain?: { readonly messages?: number; readonly bytes?: number }
  /** Paths of a `latest` topic that keep their newest message; a message on one more is refused with `overloaded`. Default 100,000. */
  readonly maxPaths?: number
  /** Jobs in a queue and waiting requests of an rpc channel; one more is refused with `overloaded`. Default 1,000,000. */
  readonly maxJobs?: number
  /** Channels, and groups of a topic; opening one more is refused with `overloaded`. Default 10,000. */
  readonly maxChannels?: number
  /** Messages that a hung engine's inbox holds; one more is reported `unsent`. Default 65,536. */
  readonly maxInbox?: number
  /** How long a delivery of a topic's group stays its member's. Queues say it themselves. Default 30 s. */
  readonly groupLeaseMs?: number
  /** How often an idle reception gives a sign of life. Default 500. */
  readonly beatMs?: number
  /** Default: the platform's. */
  readonly clock?: Clock
}

/** The same with everything decided. */
export interface Settings {
  readonly name: string
  readonly authenticate: (credentials: Credentials) => boolean
  readonly maxBytes: number
  readonly retain: { readonly messages: number; readonly bytes: number }
  readonly maxPaths: number
  readonly maxJobs: number
  readonly maxChannels: number
  readonly maxInbox: number
  readonly groupLeaseMs: number
  readonly beatMs: number
  readonly clock: Clock
}

const MIB = 2 ** 20

const FORMS: OptionForms<keyof EngineOptions> = {
  name: text,
  authenticate: made,
  maxBytes: atLeast(1),
  retain: { inside: { messages: atLeast(0), bytes: atLeast(0) } },
  maxPaths: atLeast(0),
  maxJobs: atLeast(0),
  maxChannels: atLeast(0),
  maxInbox: atLeast(0),
  groupLeaseMs: atLeast(1),
  beatMs: atLeast(1),
  clock: made,
}

/** Throws `invalid` for options that are unknown or wrong. */
export function settings(options: EngineOptions): Settings {
  assertOptions(options, FORMS)
  return {
    name: options.name ?? 'memory',
    authenticate: options.authenticate ?? (() => true),
    maxBytes: options.maxBytes ?? MIB,
    retain: { messages: options.retain?.messages ?? 200_000, bytes: options.retain?.bytes ?? 256 * MIB },
    maxPaths: options.maxPaths ?? 100_000,
    maxJobs: options.maxJobs ?? 1_000_000,
    maxChannels: options.maxChannels ?? 10_000,
    maxInbox: options.maxInbox ?? 65_536,
    groupLeaseMs: options.groupLeaseMs ?? 30_000,
    beatMs: options.beatMs ?? 500,
    clock: options.clock ?? systemClock,
  }
}
