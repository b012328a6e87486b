import { MessagingError } from '@spanwire/driver'
import type { Topic } from '../contract/contract.js'
import { pathsOf } from '../contract/template.js'
import type { Policy } from '../route/policy.js'
import type { SubscribeOptions } from './api.js'
import { fromOf } from './checkpoint.js'
import { type Context, channelOf } from './context.js'
import { listenAt } from './listening.js'
import type { ReadingOptions } from './reading-options.js'

const FLOW_BYTES = 4 << 20

/** How a subscription reads. Throws `capability` for a group without a home. */
export function readingOptions(
  context: Context,
  topic: Topic,
  pattern: string,
  options: SubscribeOptions,
  buffer: number,
): ReadingOptions {
  if (options.group !== undefined) assertGroup(topic, context.policy(topic.spec))
  const order = options.order ?? (topic.latest ? 'newest' : topic.delivery === 'durable' ? 'strict' : 'arrival')
  const exact = options.group === undefined && options.maxRate === undefined && order !== 'newest'
  return {
    name: topic.name,
    channel: channelOf(topic, pattern),
    spec: topic.spec,
    keep: topic.delivery,
    latest: topic.latest,
    paths: pathsOf(pattern),
    sites: listenAt(context, topic.spec),
    from: fromOf(options),
    startWallMs: context.runtime.wall(),
    order: options.group === undefined ? order : 'arrival',
    group: options.group,
    flow: {
      // What a live topic has no room for on its way is gone, though the reader would have held it.
      messages: Math.max(64, exact && topic.delivery === 'live' ? buffer : Math.min(buffer, 1_024)),
      bytes: FLOW_BYTES,
      ...(options.maxRate === undefined ? undefined : { conflateHz: options.maxRate }),
    },
    gaps: exact,
  }
}

/** Throws `capability` unless this policy of its topic gives a group a home. */
export function assertGroup({ name }: Topic, { by }: Policy): void {
  if (by !== 'all') return
  const text = `subscribe to ${name}: a group needs one home site, and its route is all(); use primary() or leave the group out`
  throw new MessagingError('capability', text)
}
