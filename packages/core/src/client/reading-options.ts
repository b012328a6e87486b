import type { Batch, ChannelSpec, Flow } from '@spanwire/driver'
import type { ArrivalSnapshot } from '../arrival/arrival.js'
import type { ParamsOf, Topic } from '../contract/contract.js'
import type { Intake } from './context.js'
import type { Replay } from './replay.js'
import type { Taken } from './taken.js'

/** Some of a topic's parameters; what is left out matches all. */
export type Filter = Partial<ParamsOf<Topic>>

export type From =
  | { readonly at: 'now' | 'beginning' | 'latest' }
  | { readonly at: 'time'; readonly timeMs: number }
  | {
      readonly at: 'checkpoint'
      readonly positions: Readonly<Record<string, string>>
      readonly timeMs: number
      readonly windows?: ArrivalSnapshot
    }

export interface ReadingOptions {
  readonly name: string
  readonly channel: string
  readonly spec: ChannelSpec
  readonly keep: 'live' | 'durable'
  readonly latest: boolean
  readonly paths: readonly string[] | undefined
  readonly sites: readonly string[]
  readonly from: From
  /** When it begins, Unix ms. */
  readonly startWallMs: number
  readonly order: 'strict' | 'arrival' | 'newest'
  readonly group: string | undefined
  readonly flow: Flow
  /** False: holes are expected here (groups, conflation), nobody reports them (R38). */
  readonly gaps: boolean
  /** Drops nothing but exact duplicates: whoever reads behind us has a start of its own (R49). */
  readonly passes?: true
}

/** Makes one stream of what the sites deliver. */
export interface Merge {
  take(taken: Taken, nowMs: number): void
  /** In whose turns batches are taken, while there is history to read at several sites. */
  readonly replay?: Pick<Replay, 'add' | 'isOver'> | undefined
  /** All of a batch was taken. */
  arm?(): void
  /** Something about the sites changed, and with it perhaps what may still come. */
  settle?(): void
  /** What is missing was sent then or later, Unix ms by its publisher's clock; Infinity: nothing is. */
  readonly missingSinceMs?: number
  /** Sites are read at, or no longer. */
  listen?(sites: readonly string[]): void
  /** The last call. */
  stop?(): void
}

export interface ReadingSink extends Pick<Intake, 'tap'> {
  readonly merge: Merge
  /** The next pull waits for it: the reader has no room. */
  room(): Promise<void> | undefined
  /** Messages of this site will not come. */
  lost?(lost: NonNullable<Batch['lost']>): void
  /** A batch of a site was taken, perhaps an empty one. */
  beat?(): void
  /** The position that this reading began at is of another log: it goes by time there, unless it is stopped. */
  conflict?(): void
  /** Something about the sites changed: attached, lost, caught up. */
  changed(): void
}
