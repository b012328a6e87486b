import type { Answer, Body, Headers } from './channel.js'

export interface Source {
  /** Patterns of whole tokens or `*`, as many tokens as the channel has params; absent: all. Exact: the driver filters what the engine cannot. */
  readonly paths?: readonly string[]
  /** Topics only; absent: now. In a group the first member's counts. */
  readonly start?: Start
  /** Members share; makes a durable topic's deliveries settled, as those of queue and rpc are. */
  readonly group?: string
}

export type Start =
  /** `latest`: the newest per path, then live. */
  | { readonly at: 'now' | 'beginning' | 'latest' }
  /** All that the engine stamped then or later, perhaps more. Whole Unix ms, not negative. */
  | { readonly at: 'time'; readonly timeMs: number }
  /** The next after it; `conflict` if its log is another one by now. */
  | { readonly at: 'position'; readonly position: string }

/** The bound on what the driver holds: fetched and unpulled, plus, where deliveries are settled, pulled and unsettled. */
export interface Flow {
  readonly messages: number
  readonly bytes: number
  /** Permission to skip all but the newest of a path, at most so often; 0: as it is read. */
  readonly conflateHz?: number
}

/** One attached source of deliveries. */
export interface Reception {
  /** While the path lives, `next()` resolves at least so often, with an empty batch if idle; absent: no sign of life. */
  readonly beatMs?: number
  /** One pull at a time. `undefined`: stopped, or the link ended. Rejects once if only this source failed. */
  next(): Promise<Batch | undefined>
  /** New bounds and rate from here on. */
  adjust(flow: Flow): void
  /** No delivery after the call; unpulled ones go back. Resolves when the pulled ones are settled; gives those back when the signal aborts. */
  stop(signal: AbortSignal): Promise<void>
}

export interface Batch {
  readonly deliveries: readonly Delivery[]
  /** Before these: will not come. `slow`: we did not pull fast enough, `expired`: behind retention, `engine`: it dropped them. */
  readonly lost?: { readonly reason: 'slow' | 'expired' | 'engine'; readonly count?: number }
  /** With these, all is here that was stored when we attached. */
  readonly caughtUp?: true
}

/** A class instance per message; all but path, id and body is decoded when asked. */
export interface Delivery {
  readonly path: string
  readonly id: string | undefined
  /** May be a view into a larger buffer: who keeps it copies. */
  readonly body: Body
  /** The engine's stamp, Unix ms. */
  readonly timeMs: number | undefined
  /** The engine's count of deliveries, 1 if it has none. Give-backs may count. */
  readonly attempt: number
  /** False once settling cannot succeed (lease, rebalance, link): do not start work on it. */
  readonly held: boolean
  /**
   * Of what the driver could not unpack, `sw-unread` says why, in a sentence for operators: `body` is as the engine has it, `id` is
   * absent, and nobody decodes it.
   */
  headers(): Headers
  /** Resume point of the source after this delivery, its log's epoch inside. Works after the link's end. Not for settled sources. */
  position(): string | undefined
  /**
   * Once. Resolves when the engine confirmed; its `flow` slot is free from the call on.
   * Rejects with `conflict` (not held, or settled before) or `outcome-unknown` (the link ended first).
   */
  settle(how: 'ack' | { readonly retryMs: number } | Answer): Promise<void>
  /** Renews the lease. Repeatable. Rejects with `conflict` when not held, `capability` where `can.extends` is false. */
  extend(): Promise<void>
}
