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
  readonly metadata: { get(name: string): readonly unknown[] }
  emit(event: string, what: unknown): boolean
  on(event: 'data', listener: (request: unknown) => void): unknown
}

/** What happens beside the handlers. */
export interface Gate {
  /** Why a call with this `authorization` is not let in; undefined: it is. */
  refuses(authorization: unknown): Failure | undefined
  /** What was too large came on a stream, of the call of that name. */
  onStream(name: string): void
}

/** The handlers, which are not called with what is too large, or not let in; on a stream that is its end. */
export function guarded(handlers: UntypedServiceImplementation, gate: Gate): UntypedServiceImplementation {
  return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, guard(handler, name, gate)]))
}

function guard(handler: UntypedHandleCall, name: string, gate: Gate): UntypedHandleCall {
  const handle = handler as (call: Call, reply?: Reply) => void
  const guarding = (call: Call, reply?: Reply): void => {
    const failure =
      call.request instanceof TooLarge ? call.request : gate.refuses(call.metadata.get('authorization')[0])
    if (failure) void (reply ? reply(failure) : call.emit('error', failure))
    else handle(call.request === undefined ? guardStream(call, () => gate.onStream(name)) : call, reply)
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
