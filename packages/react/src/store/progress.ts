import { MessagingError } from '@spanwire/core'

/**
 * How what a hook shows is doing. `idle`: switched off. `loading`: not there yet. `live`: kept up to date. `stale`: it was, and is
 * not any more. `error`: it never can be, see `error`.
 */
export type Progress =
  | { readonly status: 'idle' | 'loading' | 'live' | 'stale'; readonly error: undefined }
  | { readonly status: 'error'; readonly error: MessagingError }

const is = (status: 'idle' | 'loading' | 'live' | 'stale'): Progress => ({ status, error: undefined })

export const IDLE: Progress = is('idle')
export const LOADING: Progress = is('loading')
export const LIVE: Progress = is('live')
export const STALE: Progress = is('stale')

export function failed(error: unknown): Progress {
  return { status: 'error', error: failure(error) }
}

/** What went wrong as the one kind of error that hooks give. Others come only from a client factory or a handler of the page. */
export function failure(error: unknown): MessagingError {
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
