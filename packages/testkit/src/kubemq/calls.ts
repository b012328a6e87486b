import { type sendUnaryData, status } from '@grpc/grpc-js'

/** The end of a call that failed: a gRPC status and the server's text. */
export interface Failure {
  readonly code: number
  readonly details: string
}

/** Events, requests, subscriptions: the server's own errors are INTERNAL. */
export function internal(details: string): Failure {
  return { code: status.INTERNAL, details }
}

/** Plain errors of queue calls have no code of their own. */
export function unknown(details: string): Failure {
  return { code: status.UNKNOWN, details }
}

/** Answers of a unary call; a rejection is an error of ours. */
export function answer<T>(reply: sendUnaryData<T>, answered: T | Failure | Promise<T | Failure>): void {
  Promise.resolve(answered).then(
    (value) => (isFailure(value) ? reply({ code: value.code, details: value.details }) : reply(null, value)),
    (error: unknown) => reply({ code: status.UNKNOWN, details: `the double failed: ${String(error)}` }),
  )
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'code' in value && 'details' in value
}

/** Ends a stream with an error. */
export function failStream(call: { emit(event: 'error', failure: Failure): boolean }, failure: Failure): void {
  call.emit('error', failure)
}

/** Calls once, when the client has cancelled or its connection is gone. */
export function whenGone(
  call: { readonly cancelled: boolean; once(event: 'cancelled', listener: () => void): unknown },
  gone: () => void,
): void {
  if (call.cancelled) gone()
  else call.once('cancelled', gone)
}

/** Writes to a stream that is also read: while the client does not take answers, its requests are not read. */
export function writeAndHold<T>(
  call: {
    write(message: T): boolean
    pause(): unknown
    resume(): unknown
    once(event: 'drain', on: () => void): unknown
  },
  message: T,
): void {
  if (call.write(message)) return
  call.pause()
  call.once('drain', () => call.resume())
}
