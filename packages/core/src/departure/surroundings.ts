import type { MessagingError } from '@spanwire/driver'
import type { Choice } from '../route/choose.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Deadlines } from '../runtime/wheel.js'
import type { ChannelState } from '../session/channels.js'
import type { Lane } from './lane.js'
import type { Letter } from './letter.js'
import type { Publisher } from './publisher.js'
import type { RetainedChannel } from './retained.js'
import type { Room } from './room.js'

/** What an outbox needs to know and may do outside, all of it for one contract. */
export interface Surroundings {
  readonly runtime: Runtime
  readonly deadlines: Deadlines
  readonly publisher: Publisher
  /** Shared by all outboxes of the client: what waits without having been handed over. */
  readonly room: Room
  choose(lane: string, avoid: ReadonlySet<string> | undefined, home: string | undefined): Choice
  channel(site: string): ChannelState
  /** Whether the routes ever lead a lane to this site, whatever happens to the others (I9). */
  mayUse(site: string, lane: string): boolean
  /** The publisher id that links insist on, if any of them does. */
  boundPublisher(): string | undefined
  /** A site's session has a link. */
  reachable(site: string): boolean
  /** It is up and in no doubt. */
  isWell(site: string): boolean
  /** Lanes keep the channel of the site that comes next open. */
  readonly isReady: boolean
  /** The site refuses our credentials or certificates: that is for us to mend, and no reason to go elsewhere. Also while it is asked again. */
  refuses(site: string): boolean
  /** What it said, once it has refused. */
  refusal(site: string): MessagingError | undefined
  /** Something has come that waits for a site. */
  awaited(): void
  /** Why each site cannot take it, one sentence. */
  reasons(): string
  /** Another id for the same identity, one that no engine has seen. */
  rename(id: string): string
  stored(letter: Letter): void
  /** Of its lanes. */
  readonly kept: RetainedChannel
  /** Something leaves on a lane that was quiet: there is going to be something to tell of it (R16). */
  changed(lane: Lane): void
  /** A seq that nobody will ever receive (R15). */
  voided(source: string, seq: number): void
  moved(lane: string, from: string, to: string): void
}
