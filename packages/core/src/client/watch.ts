import { Mailbox } from '../runtime/mailbox.js'
import type { BareClient } from './api.js'
import { contextOf } from './context.js'
import { Failovers } from './failovers.js'
import type { ClientEvent } from './happenings.js'

/** What one reader may be behind; then the oldest events go. */
const MAX_BEHIND = 1_000

/** Iterates what happens from the call on. Bounded: a reader that is 1,000 events behind loses the oldest. */
export function watch(client: BareClient, options: { readonly signal?: AbortSignal } = {}): AsyncIterable<ClientEvent> {
  const context = contextOf(client)
  const { events } = context
  context.failovers ??= new Failovers(context)
  const { signal } = options
  const mailbox = new Mailbox<ClientEvent>({ limit: MAX_BEHIND, overflow: 'drop-oldest' })
  const leave = (): void => {
    signal?.removeEventListener('abort', leave)
    events.readers.delete(mailbox)
    mailbox.end()
  }
  if (signal?.aborted) mailbox.end()
  else events.readers.add(mailbox)
  signal?.addEventListener('abort', leave)
  const iterator: AsyncIterator<ClientEvent> = {
    next: () => mailbox.next(),
    return: () => {
      leave()
      return mailbox.return()
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}
