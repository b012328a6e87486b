/**
 * The platform as the packages that run anywhere may know it: what browsers, Node 20, Bun and Deno all have.
 * A global that is missing here is a global that core, the driver seam and the memory engine do without.
 */

declare function setTimeout(callback: () => void, ms?: number): number | { unref(): unknown }
declare function clearTimeout(timer: number | { unref(): unknown } | undefined): void
declare function queueMicrotask(callback: () => void): void
/** Only some have it: whoever wants it must ask first. */
declare var setImmediate: ((callback: () => void) => unknown) | undefined

declare const performance: { now(): number; readonly timeOrigin: number }
declare const crypto: { getRandomValues<T extends Uint8Array | Uint32Array>(into: T): T; randomUUID(): string }

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  throwIfAborted(): void
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}
declare const AbortSignal: {
  any(signals: Iterable<AbortSignal>): AbortSignal
  abort(reason?: unknown): AbortSignal
  timeout(ms: number): AbortSignal
}
declare class AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

declare class URL {
  constructor(url: string)
  readonly protocol: string
  readonly username: string
  readonly password: string
  readonly hostname: string
  readonly port: string
  readonly pathname: string
  readonly search: string
  readonly hash: string
}

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>
  encodeInto(text: string, into: Uint8Array): { readonly read: number; readonly written: number }
}
declare class TextDecoder {
  constructor(label?: 'utf-8', options?: { readonly fatal?: boolean; readonly ignoreBOM?: boolean })
  decode(bytes?: Uint8Array, options?: { readonly stream?: boolean }): string
}
