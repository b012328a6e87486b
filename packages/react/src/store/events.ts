import { type ClientEvent, watch } from '@spanwire/core'
import { createFeed, type Feed } from './feed.js'
import type { Store } from './store.js'

/** What the client tells, while anybody listens. A part of the store. */
export const createEvents = ({ client }: Store): Feed<ClientEvent> =>
  createFeed((signal) => watch(client(), { signal }))
