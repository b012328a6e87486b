import { useSyncExternalStore } from 'react'
import { useStore } from './provider.js'
import { type Connection, NO_CONNECTION, viewConnection } from './store/connection.js'
import { useSelection } from './use-selection.js'

/** How the client stands with its sites, or the part that `select` takes; draws again only when that changes (`isEqual`, default `Object.is`). On a server: `idle`. */
export function useConnection<Selected = Connection>(
  select?: (connection: Connection) => Selected,
  isEqual?: (before: Selected, now: Selected) => boolean,
): Selected {
  const connection = useStore().part(viewConnection)
  const pick = useSelection(select, isEqual)
  return useSyncExternalStore(
    connection.listen,
    () => pick(connection.read()),
    () => pick(NO_CONNECTION),
  )
}
