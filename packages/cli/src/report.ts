import { MessagingError } from '@spanwire/driver'

/** An error as operators read it, on stderr. A stack only for what nobody expected. */
export function report(error: unknown): void {
  if (MessagingError.is(error)) console.error(`[${error.code}] ${error.message}`)
  else console.error(error)
}
