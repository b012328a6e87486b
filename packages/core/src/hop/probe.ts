import { MessagingError } from '@spanwire/driver'
import { type Context, reasons } from '../client/context.js'

/** Proves one site at least. */
export async function probe(context: Context, signal: AbortSignal): Promise<void> {
  const links = [...context.sessions.values()].flatMap((session) => session.link ?? [])
  if (links.length === 0) throw new MessagingError('unavailable', reasons(context), { scope: 'link' })
  await Promise.any(links.map((link) => link.probe(signal)))
}
