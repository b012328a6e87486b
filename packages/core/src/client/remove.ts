import { MessagingError } from '@spanwire/driver'
import type { ParamsOf, Topic } from '../contract/contract.js'
import { laneOf } from '../contract/lane.js'
import { pathOf } from '../contract/template.js'
import { Letter } from '../departure/letter.js'
import type { BareClient, PublishOptions, Sent } from './api.js'
import { contextOf } from './context.js'
import { REMOVED, wireHeaders } from './headers.js'
import { dispatch } from './sending.js'

/** A tombstone for one path of a `latest` topic, in the path's own lane; it is offered to every other site of the route, also to one that returns later (R48). */
export function remove<C extends Topic>(
  client: BareClient,
  topic: C,
  params: ParamsOf<C>,
  options?: PublishOptions,
): Promise<Sent>
export async function remove(
  client: BareClient,
  topic: Topic,
  params: Readonly<Record<string, string>>,
  options: PublishOptions = {},
): Promise<Sent> {
  const context = contextOf(client)
  context.assertWritable(`remove from ${topic.name}`)
  if (!topic.latest)
    throw new MessagingError('invalid', `remove from ${topic.name}: only a topic with latest: true keeps values`)
  const path = pathOf(topic, params)
  const headers = [...wireHeaders(options.headers), REMOVED, '1']
  const letter = new Letter({ path, body: '', headers }, '')
  return dispatch(context, topic, laneOf(path, undefined), letter, options)
}
