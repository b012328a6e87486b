import { isChannelName, MessagingError } from '@spanwire/driver'
import { type Duration, toMs } from '../runtime/duration.js'
import { type Codec, codecOf } from './codec.js'
import type { Queue } from './contract.js'
import type { StandardSchema } from './schema.js'
import { parseTemplate } from './template.js'

export interface QueueOptions<In = unknown> {
  /** Orders and places jobs by this instead of by the parameters. */
  readonly key?: (value: In) => string
  /**
   * `key`: an engine that cannot keep the order of a key among competing workers is refused with `capability` at first
   * use. `none`: the key only places jobs, and any engine will do. Default `key`.
   */
  readonly order?: 'key' | 'none'
  /** A handler that fails this often sends the job to `deadLetter`. Default 5. */
  readonly maxDeliveries?: number
  /** Name of the queue for jobs that cannot be done. Without: they are dropped, with an event. */
  readonly deadLetter?: string
  /** How long a job stays a worker's without a sign from it. Default 30 s. */
  readonly lease?: Duration
  /** How long a failed job waits before its next try, by attempt; the last one repeats. Default 1 s, 5 s, 30 s. */
  readonly retry?: readonly Duration[]
  /** Default: the schema's own if it is `bytes`, `text` or `json`, else JSON. */
  readonly codec?: Codec<In>
}

/** A contract for work that is done once, by one of many: `queue('orders', Order)`. Throws `invalid` for a bad name or option. */
export function queue<const Template extends string, In, Out>(
  template: Template,
  schema: StandardSchema<In, Out>,
  options: QueueOptions<NoInfer<In>> = {},
): Queue<Template, In, Out> {
  const { name, params } = parseTemplate(template)
  const { key, order = 'key', maxDeliveries = 5, deadLetter, lease = '30s', retry = ['1s', '5s', '30s'] } = options
  const leaseMs = toMs(lease, `lease of ${template}`)
  if (leaseMs === 0 || retry.length === 0 || !Number.isInteger(maxDeliveries) || maxDeliveries < 1)
    throw new MessagingError(
      'invalid',
      `${template}: maxDeliveries is whole and above 0, lease above 0, retry not empty.`,
    )
  if (deadLetter !== undefined && (!isChannelName(deadLetter) || deadLetter === name))
    throw new MessagingError('invalid', `${template}: deadLetter "${deadLetter}" names no other queue.`)
  return Object.freeze({
    kind: 'queue',
    template,
    name,
    params,
    spec: Object.freeze({ kind: 'queue', name, params: params.length, leaseMs }),
    schema,
    codec: codecOf(schema, options.codec),
    maxDeliveries,
    leaseMs,
    retryMs: Object.freeze(retry.map((wait) => toMs(wait, `retry of ${template}`))),
    ...(deadLetter !== undefined && { deadLetter }),
    order,
    ...(key && { key }),
  })
}
