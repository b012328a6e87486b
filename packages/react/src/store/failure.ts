import { MessagingError } from '@spanwire/core'

/** What went wrong as the one kind of error that hooks give. Others come only from a client factory or a handler of the page. */
export function failure(error: unknown): MessagingError {
  return MessagingError.is(error) ? error : new MessagingError('invalid', String(error), { cause: error })
}

/** Reports a fault of the page's own callback like that of any event handler: what called it goes on. */
export function report(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
