import type { ChannelSpec } from '@spanwire/driver'
import type { Codec } from './codec.js'
import type { StandardSchema } from './schema.js'

/** The names in braces of a template: `'quotes.{symbol}'` -> `'symbol'`; any name where the template is not known to the compiler. */
export type ParamOf<Template extends string> = string extends Template
  ? string
  : Template extends `${string}{${infer Name}}${infer Rest}`
    ? Name | ParamOf<Rest>
    : never

interface Shared<Template extends string, In, Out> {
  /** As written: `quotes.{symbol}`. Parameters stand at the end, each a whole token. */
  readonly template: Template
  /** The part before the parameters: `quotes`. */
  readonly name: string
  /** Their names, in order. */
  readonly params: readonly string[]
  readonly spec: ChannelSpec
  readonly schema: StandardSchema<In, Out>
  readonly codec: Codec
}

/** What publishers say to whoever listens. */
export interface Topic<Template extends string = string, In = unknown, Out = unknown>
  extends Shared<Template, In, Out> {
  readonly kind: 'topic'
  readonly delivery: 'live' | 'durable'
  readonly latest: boolean
  /** Ordering key outside the template; absent: the parameters, or the whole contract. */
  key?(value: In): string
}

/** Work that is done once, by one of many. */
export interface Queue<Template extends string = string, In = unknown, Out = unknown>
  extends Shared<Template, In, Out> {
  readonly kind: 'queue'
  /** A handler that fails this often sends the job to `deadLetter`. */
  readonly maxDeliveries: number
  /** Queue name for jobs that cannot be done; absent: they are dropped, with an event. */
  readonly deadLetter?: string
  readonly leaseMs: number
  /** How long a failed job waits before its next try, by attempt (the last value repeats), in ms. */
  readonly retryMs: readonly number[]
  /** `key`: workers get the jobs of one key in order, or the engine is refused; `none`: nobody minds. */
  readonly order: 'key' | 'none'
  key?(value: In): string
}

/** A question and its answer. */
export interface Rpc<
  Template extends string = string,
  In = unknown,
  Out = unknown,
  ReplyIn = unknown,
  ReplyOut = unknown,
> extends Shared<Template, In, Out> {
  readonly kind: 'rpc'
  /** Asking twice does no harm: an unknown outcome may be retried, also at another site. */
  readonly idempotent: boolean
  readonly reply: StandardSchema<ReplyIn, ReplyOut>
  readonly replyCodec: Codec
}

export type Contract = Topic | Queue | Rpc

/** What may be handed in: the schema's input. */
export type InputOf<C> = C extends { readonly schema: StandardSchema<infer In, unknown> } ? In : never
/** What comes out on the other side: the schema's output. */
export type OutputOf<C> = C extends { readonly schema: StandardSchema<infer _In, infer Out> } ? Out : never
/** What a responder returns. */
export type ReplyInputOf<C> = C extends { readonly reply: StandardSchema<infer In, unknown> } ? In : never
/** What a requester gets. */
export type ReplyOf<C> = C extends { readonly reply: StandardSchema<infer _In, infer Out> } ? Out : never
/** The parameters of a contract: `{ symbol: string }`. */
export type ParamsOf<C> = C extends { readonly template: infer Template extends string }
  ? { readonly [Name in ParamOf<Template>]: string }
  : never
