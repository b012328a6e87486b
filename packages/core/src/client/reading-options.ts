import type { Batch, ChannelSpec, Flow } from '@spanwire/driver'
import type { ArrivalSnapshot, Flags } from '../arrival/arrival.js'
import type { ParamsOf, Topic } from '../contract/contract.js'
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
  readonly order: 'strict' | 'arrival' | 'newest'
  readonly group: string | undefined
  readonly flow: Flow
  /** False: holes are expected here (groups, conflation), nobody reports them (R38). */
  readonly gaps: boolean
  /** Drops nothing but exact duplicates: whoever reads behind us has a start of its own (R49). */
  readonly passes?: true
}

export interface ReadingSink {
  give(taken: Taken, flags: Flags): void
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
