import { useState, useSyncExternalStore } from 'react'
import { useStore } from './provider.js'
import { type Connection, NO_CONNECTION } from './store/connection.js'
import { remember } from './store/remember.js'

/** How the client stands with its sites, or the part that `select` takes; draws again only when that changes (`isEqual`, default `Object.is`). On a server: `idle`. */
export function useConnection<Selected = Connection>(
  select?: (connection: Connection) => Selected,
  isEqual: (before: Selected, now: Selected) => boolean = Object.is,
): Selected {
  const { connection } = useStore('useConnection')
  const [read] = useState(() =>
    // Without `select` both types are one.
    remember((all: Connection, pick: typeof select) => (pick ? pick(all) : (all as unknown as Selected))),
  )
  return useSyncExternalStore(
    connection.listen,
    () => read(isEqual, connection.read(), select),
    () => read(isEqual, NO_CONNECTION, select),
  )
}
