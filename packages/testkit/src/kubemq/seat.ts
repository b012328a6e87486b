import type { Kept } from './log.js'

export interface SeatOptions {
  /** How many messages it may hold unacknowledged. */
  readonly room: number
  /** After how long an unacknowledged one goes to another seat; the server's: 365 d for Get, 30 s for events (5.3). */
  readonly ackWaitMs: number
}

/** Called with a message that the seat was given, perhaps before who joined has the seat. */
export type Hear<T> = (message: Kept<T>, seat: Seat<T>) => void

/** One consumer in a group: what the broker inside calls a subscription. Without `hear` it is a ghost (C5). */
export class Seat<T> {
  readonly id: string
  readonly room: number
  readonly ackWaitMs: number
  /** When the ones that it holds are due to go elsewhere, by their sequences. */
  readonly held: Map<number, number> = new Map()
  hear: Hear<T> | undefined

  constructor(id: string, { room, ackWaitMs }: SeatOptions, hear?: Hear<T>) {
    this.id = id
    this.room = room
    this.ackWaitMs = ackWaitMs
    this.hear = hear
  }

  get hasRoom(): boolean {
    return this.held.size < this.room
  }
}
