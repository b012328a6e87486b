import { type Codec, codecOf } from './codec.js'
import type { Topic } from './contract.js'
import type { StandardSchema } from './schema.js'
import { parseTemplate } from './template.js'

export interface TopicOptions<In = unknown> {
  /** `live`: who listens now gets it. `durable`: stored, and replayed to who asks. Default `live`. */
  readonly delivery?: 'live' | 'durable'
  /** The newest message per path is kept for late comers. Default: no. */
  readonly latest?: boolean
  /** Orders and places messages by this instead of by the parameters. Must be the same for what must stay in order. */
  readonly key?: (value: In) => string
  /** Default: the schema's own if it is `bytes`, `text` or `json`, else JSON. */
  readonly codec?: Codec<In>
}

/** A contract for what publishers say to whoever listens: `topic('quotes.{symbol}', Quote)`. Throws `invalid` for a bad template. */
export function topic<const Template extends string, In, Out>(
  template: Template,
  schema: StandardSchema<In, Out>,
  options: TopicOptions<NoInfer<In>> = {},
): Topic<Template, In, Out> {
  const { name, params } = parseTemplate(template)
  const { delivery = 'live', latest = false, key } = options
  return Object.freeze({
    kind: 'topic',
    template,
    name,
    params,
    spec: Object.freeze({ kind: 'topic', name, params: params.length, keep: delivery, latest }),
    schema,
    codec: codecOf(schema, options.codec),
    delivery,
    latest,
    ...(key && { key }),
  })
}
