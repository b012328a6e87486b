import type { Batch, Capabilities, ChannelSpec, Flow, MessagingError, Source } from '@spanwire/driver'
import type { Runtime } from '../runtime/runtime.js'
import { Keeper } from './keeper.js'
import type { Session } from './session.js'

/** `refused`: forbidden, missing, impossible here; tried again slowly where that can change, else with the next link. */
export type AttachmentState =
  | { readonly at: 'waiting' }
  | { readonly at: 'attaching' }
  | { readonly at: 'attached' }
  | { readonly at: 'refused'; readonly error: MessagingError }
  | { readonly at: 'stopped' }

/** `conflict`: the position given last is of another log. */
export type AttachReason = 'first' | 'again' | 'conflict'

export interface AttachmentOptions {
  /** Asked at each attach; `can`: of the channel that is attached to. */
  source(why: AttachReason, can: Capabilities): Source
  readonly flow: Flow
  /** Comes in order, one at a time: the next pull waits for a promise that it returns. Must not throw or reject. */
  onBatch(batch: Batch, can: Capabilities): void | Promise<void>
  /** Never called from within `attach`. The last one is `stopped`. */
  onState(state: AttachmentState): void
  readonly runtime: Runtime
}

/** A reception that is kept alive on one site. */
export interface Attachment {
  readonly state: AttachmentState
  /** How often the reception of now shows a sign of life; absent: not, or there is none. */
  readonly beatMs: number | undefined
  /** New bounds, from now on and for later attaches. */
  adjust(flow: Flow): void
  /** The log is not the one that the position was of: attaches anew, asking for another source. */
  restart(): void
  /** No pull after the call. Resolves when what was pulled is settled, or given back at the signal's abort. A second call waits for the first. */
  stop(signal: AbortSignal): Promise<void>
}

/** Keeps one reception attached: again at once with each new link, with backoff while the link stays. Ends by `stop` or with the session. */
export function attach(session: Session, spec: ChannelSpec, options: AttachmentOptions): Attachment {
  return new Keeper(session, spec, options)
}
