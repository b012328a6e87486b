import { type Codec, codecOf } from './codec.js'
import type { Rpc } from './contract.js'
import type { StandardSchema } from './schema.js'
import { parseTemplate } from './template.js'

export interface RpcOptions<In = unknown, ReplyIn = unknown> {
  /** Asking twice does no harm: an unknown outcome may be retried, also at another site. Default: no. */
  readonly idempotent?: boolean
  /** Both ways, unless a schema brings its own (`bytes`, `text`, `json`). Default JSON. */
  readonly codec?: Codec<In> & Codec<ReplyIn>
}

/** A contract for a question and its answer: `rpc('pricing.price', PriceQuery, Price)`. Throws `invalid` for a bad template. */
export function rpc<const Template extends string, In, Out, ReplyIn, ReplyOut>(
  template: Template,
  schema: StandardSchema<In, Out>,
  reply: StandardSchema<ReplyIn, ReplyOut>,
  options: RpcOptions<NoInfer<In>, NoInfer<ReplyIn>> = {},
): Rpc<Template, In, Out, ReplyIn, ReplyOut> {
  const { name, params } = parseTemplate(template)
  return Object.freeze({
    kind: 'rpc',
    template,
    name,
    params,
    spec: Object.freeze({ kind: 'rpc', name, params: params.length }),
    schema,
    codec: codecOf(schema, options.codec),
    reply,
    replyCodec: codecOf(reply, options.codec),
    idempotent: options.idempotent ?? false,
  })
}
