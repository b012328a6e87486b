import type { Outgoing } from '@spanwire/driver'

/** Every copy but the first attempt carries it (R4). */
export const AGAIN = 'sw-again'

/** Another id for the same identity. */
export type Renamed = Required<Pick<Outgoing, 'id'>>

/** Another copy of it: the same identity and body, under its own id or another one. */
export function again(message: Outgoing, renamed?: Renamed): Outgoing {
  return { ...message, ...renamed, headers: [...(message.headers ?? []), AGAIN, '1'] }
}
