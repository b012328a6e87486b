import { MessagingError } from '@spanwire/core'

/**
 * How what a hook shows is doing. `idle`: switched off. `loading`: not there yet. `live`: kept up to date. `stale`: it was, and is
 * not any more. `error`: it never can be, see `error`.
 */
export type Progress =
  | { readonly status: 'idle' | 'loading' | 'live' | 'stale'; readonly error: undefined }
  | { readonly status: 'error'; readonly error: MessagingError }

interface Is<Status> {
  readonly status: Status
  readonly error: undefined
}

const is = <Status>(status: Status): Is<Status> => ({ status, error: undefined })

export const IDLE: Is<'idle'> = is('idle')
export const LOADING: Is<'loading'> = is('loading')
export const LIVE: Is<'live'> = is('live')
export const STALE: Is<'stale'> = is('stale')

export function failed(error: unknown): Progress & { readonly status: 'error' } {
  return { status: 'error', error: failure(error) }
}

/** What went wrong as the one kind of error that hooks give. Others come only from a client factory or a handler of the page. */
function failure(error: unknown): MessagingError {
  return MessagingError.is(error) ? error : new MessagingError('invalid', String(error), { cause: error })
}

/** Calls back into the page. What its function throws is reported like the error of an event handler: who called it goes on. */
export function guarded(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
