import { MessagingError } from '@spanwire/driver'
import type { Topic } from '../contract/contract.js'
import { laneOf } from '../contract/lane.js'
import { pathOf } from '../contract/template.js'
import type { PublishOptions, Sent } from './api.js'
import type { Context } from './context.js'
import { REMOVED, wireHeaders } from './headers.js'
import { dispatch } from './sending.js'

/** A tombstone in the path's own lane; it is offered to every other site of the route, also to one that returns later (R48). */
export async function remove(
  context: Context,
  topic: Topic,
  params: Readonly<Record<string, string>>,
  options: PublishOptions = {},
): Promise<Sent> {
  context.assertWritable(`remove from ${topic.name}`)
  if (!topic.latest)
    throw new MessagingError('invalid', `remove from ${topic.name}: only a topic with latest: true keeps values`)
  const path = pathOf(topic, params)
  const headers = [...wireHeaders(options.headers), REMOVED, '1']
  const load = { path, key: undefined, body: '', bytes: 0, headers, delayMs: undefined, ttlMs: undefined }
  return dispatch(context, topic, laneOf(path, undefined), load, options)
}
