import type { Delivery } from '@spanwire/driver'

/** A delivery of so many bytes, of which nothing else counts. */
export function parcel(bytes: number = 1): Delivery & { readonly body: Uint8Array } {
  const refuse = (): Promise<never> => Promise.reject(new Error('it belongs to no reception'))
  return {
    path: '',
    id: undefined,
    body: new Uint8Array(bytes),
    timeMs: undefined,
    attempt: 1,
    held: false,
    headers: () => [],
    position: () => undefined,
    settle: refuse,
    extend: refuse,
  }
}
