import type { ChannelSpec, ConnectOptions, Credentials, Driver, Endpoint } from '@spanwire/driver'
import type { PropertyId } from './property.js'
import type { Kind } from './spec.js'

/** How a driver joins the suite: a way to put up its real engine, and the properties that cannot run on it. */
export interface Harness {
  /** Puts up a fresh engine. Called once per suite; the properties use channels of their own on it. */
  setup(): Promise<Rig>
  /**
   * What cannot be shown here and why, by property (`C4`) or part (`R2/retention`). A skip is legitimate only while the
   * rig lacks a facility that the property needs, or the engine denies the ability in `channel.can`: otherwise the
   * property is run all the same and the skip fails as stale.
   */
  readonly skip?: Skips
  /** What is shown by another run with the same rig, and by which: too long for this one. It is not run here, so it cannot be stale. */
  readonly elsewhere?: Skips
  /** Bound on every property that does not name a longer one, in ms; absent: 30,000. For engines that take long to come back. */
  readonly limitMs?: number
}

export type Skips = { readonly [name in PropertyId | `${PropertyId}/${string}`]?: string }

/** A running engine, the driver that reaches it, and what this harness can do to it. */
export interface Rig extends Partial<Facilities> {
  readonly driver: Driver
  readonly endpoints: readonly Endpoint[]
  /** Credentials that are accepted; absent: `{ by: 'none' }`. */
  readonly credentials?: Credentials
  readonly tls?: NonNullable<ConnectOptions['tls']>
  /** Why it lacks facilities, for all properties that need one; absent: each of them is declared in {@link Harness.skip}. */
  readonly lacks?: string
  /** Bound on every single wait for a report, a delivery or an attach, in ms; absent: 10,000. */
  readonly patienceMs?: number
  /** The shortest lease that the engine keeps exactly, in ms; absent: 500. */
  readonly leaseMs?: number
  /** How long after its confirmation a settle may still be lost to SIGKILL, in ms; absent: 0. A weakness of the engine: say so in its README. */
  readonly settleLagMs?: number
  /**
   * `lost`: what was delivered and not settled when the engine is killed does not come again, or not while a test waits; absent: it
   * does. A weakness of the engine: say so in its README.
   */
  readonly unsettledAtKill?: 'lost'
  /** Bytes of heap that one small message may cost there and back, engine included if it lives in this process; absent: 2,500. */
  readonly bytesPerMessage?: number
  /**
   * What competing consumers divide; absent: single messages. Where it is partitions, all that lies in one waits for the same
   * consumer: it goes to another as a whole, once what is pulled of it is settled or given back. Say so in the README.
   */
  readonly divides?: 'messages' | 'partitions'
  /** What does not hold beside others on one link (X1), by property or part, and why. A weakness of the engine: say so in its README. */
  readonly alone?: Skips
  /** Kinds of channels that go on working between a drain notice and its end; absent: all. */
  readonly drainKeeps?: readonly Kind[]
  /** Brings back an engine that asked its links to leave, where it does not come back by itself. */
  undrain?(): Promise<void>
  /** Called after each property that had the engine for itself: gives back rights, removes channels that nobody needs any more. */
  tidy?(): Promise<void>
  /** Ends the engine and removes what it left. */
  dispose(): Promise<void>
}

/** All optional: a property names those that it needs, and a harness without them declares a skip. */
export interface Facilities {
  /** Ends the engine as SIGKILL does. */
  kill(): Promise<void>
  /** Ends the engine as SIGTERM does. */
  terminate(): Promise<void>
  /** Starts the ended engine again at the same endpoints, with its data or empty. */
  restart(options: { readonly data: 'keep' | 'wipe' }): Promise<void>
  /** Stops the engine as SIGSTOP does: connections stay open, nothing is answered. */
  hang(): Promise<void>
  /** Ends the hang: what had been written to the engine meanwhile is now read. */
  heal(): Promise<void>
  /** Breaks all connections; the engine lives. */
  cut(): Promise<void>
  /** Makes the engine, or something in its place, send bytes that are no protocol. */
  garble(): Promise<void>
  /** A TCP port that accepts and never answers. */
  silentEndpoint(): Promise<SilentEndpoint>
  /** Credentials that the engine refuses. */
  readonly badCredentials: readonly BadCredentials[]
  /** Ways in which TLS does not fit: unknown authority, wrong name, missing client certificate. */
  readonly tlsFaults: readonly TlsFault[]
  /** Lets the credentials of all links expire now. */
  expireCredentials(): Promise<void>
  /** The engine keeps a list of channels: one that was never made is missing. Absent for engines where every name exists. */
  readonly makesChannels: true
  /** A channel with a setting that the engine takes without a word and does not keep, and where to open it. */
  readonly droppedSetting: (name: string) => DroppedSetting
  deleteChannel(spec: ChannelSpec): Promise<void>
  /** Takes the right to receive from the channel from the credentials in use. */
  revoke(spec: ChannelSpec): Promise<void>
  /**
   * Makes at least the ten oldest messages of a durable topic expire: trims it, or sends so many more on path `a` that
   * retention takes them. Gives how many it sent.
   */
  expire(spec: ChannelSpec): Promise<number>
  /**
   * Hangs what stands behind one channel while connections and other channels live. Gives the cure; or nothing, when the channel is
   * read from a place that cannot hang alone: another reception may be elsewhere.
   */
  stall(spec: ChannelSpec): Promise<(() => Promise<void>) | undefined>
  /** Takes the leader from one channel: its sends are refused or dropped. Gives the cure. */
  leaderLoss(spec: ChannelSpec): Promise<() => Promise<void>>
  /** Lets the engine ask its links to leave. */
  drainNotice(): Promise<void>
  readonly foreign: Foreign
  /** What this process and the engine hold on behalf of the driver, by name: connections, timers, consumers, pending sends. */
  resources(): Promise<Resources>
}

export type Facility = keyof Facilities

export type Resources = Readonly<Record<string, number>>

export interface SilentEndpoint {
  readonly endpoint: Endpoint
  /** Bytes that clients have sent to it so far. */
  bytes(): number
  /** Connections open now. */
  connections(): number
  close(): Promise<void>
}

export interface DroppedSetting {
  readonly spec: ChannelSpec
  /** Absent: those of the rig. */
  readonly endpoints?: readonly Endpoint[]
}

export interface BadCredentials {
  /** `wrong token`, `expired`: for the report. */
  readonly what: string
  credentials(signal: AbortSignal): Promise<Credentials>
  /** Texts that no error may contain. */
  readonly secrets?: readonly string[]
}

export interface TlsFault {
  readonly what: 'unknown authority' | 'wrong name' | 'missing client certificate'
  readonly endpoints?: readonly Endpoint[]
  readonly tls?: NonNullable<ConnectOptions['tls']>
  /** How the sentence names the fault. */
  readonly says: RegExp
}

/** A client that is not ours: kcat, the nats command, the engine's raw protocol. */
export interface Foreign {
  publish(spec: ChannelSpec, path: string, body: string): Promise<void>
  /** The bodies of the next `count` messages of the channel, sent after it resolves its `attached`. */
  read(spec: ChannelSpec, count: number): Promise<{ readonly bodies: Promise<readonly string[]> }>
}
