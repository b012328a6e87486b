import {
  type ServiceDefinition,
  status,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { Failure } from './calls.js'

/** Stands where a request would, if it was over the limit; its handler never sees it. */
class TooLarge implements Failure {
  readonly code: number = status.RESOURCE_EXHAUSTED
  readonly details: string

  constructor(bytes: number, max: number) {
    this.details = `grpc: received message larger than max (${bytes} vs. ${max})`
  }
}

/**
 * The service with the real server's words for a request over the limit (5.4); those of grpc-js are other ones. The limit
 * is asked for with each request.
 */
export function sized<S extends ServiceDefinition>(service: S, max: () => number): S {
  const methods = Object.entries(service).map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer): unknown =>
      bytes.length > max() ? new TooLarge(bytes.length, max()) : method.requestDeserialize(bytes)
    return [name, { ...method, requestDeserialize }] as const
  })
  // The same methods, under the same names.
  return Object.fromEntries(methods) as unknown as S
}

type Reply = (failure: Failure) => void

interface Call {
  readonly request?: unknown
  emit(event: string, what: unknown): boolean
  on(event: 'data', listener: (request: unknown) => void): unknown
}

/**
 * The handlers, which are not called with what is too large; on a stream it is the end of the stream. `onStream`: it was one, of the
 * call of that name.
 */
export function guarded(
  handlers: UntypedServiceImplementation,
  onStream: (name: string) => void,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [name, guard(handler, () => onStream(name))]),
  )
}

function guard(handler: UntypedHandleCall, onStream: () => void): UntypedHandleCall {
  const handle = handler as (call: Call, reply?: Reply) => void
  const guarding = (call: Call, reply?: Reply): void => {
    if (call.request instanceof TooLarge) return void (reply ? reply(call.request) : call.emit('error', call.request))
    handle(call.request === undefined ? guardStream(call, onStream) : call, reply)
  }
  return guarding as UntypedHandleCall
}

/** The listener of the handler hears only what fits. */
function guardStream(call: Call, onStream: () => void): Call {
  const on = call.on.bind(call)
  call.on = (event, listener) => {
    const hear = (request: unknown): void => {
      if (request instanceof TooLarge) {
        call.emit('error', request)
        onStream()
      } else listener(request)
    }
    return on(event, event === 'data' ? hear : listener)
  }
  return call
}
