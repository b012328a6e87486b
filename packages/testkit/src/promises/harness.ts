import type { Client } from '@spanwire/core'

/** What the suite of the client's promises stands on: clients that reach each other over one driver. */
export interface ClientHarness {
  /** A new client. The suite closes it. */
  client(): Client | Promise<Client>
  /** Ends the engine under all clients and brings it back with its data. Absent: the promises about restarts are skipped. */
  restart?(): Promise<void>
  /** After all: what the harness itself started. */
  dispose?(): Promise<void>
  /** Abilities of the engine that the suite must know beforehand; what it cannot do is then expected to be refused, not to work. */
  readonly can?: {
    /** Members of a group share a durable topic. Default true. */
    readonly groups?: boolean
    /** A job may be sent to be delivered later. Default true. */
    readonly delay?: boolean
    /** Durable topics can be read from their beginning. Default true. */
    readonly beginning?: boolean
    /** Late comers get the newest per path. Default true. */
    readonly latest?: boolean
    /** A new position can be resumed from. Default true. */
    readonly position?: boolean
    /** What a slow reader has not pulled waits at the engine. Default true. */
    readonly waits?: boolean
    /** Order per key holds over competing consumers. Default true. */
    readonly keyed?: boolean
    /** Requests to nobody fail at once. Default true. */
    readonly noResponders?: boolean
    /** 8 MiB are more than a message may have. Default true. */
    readonly tooLarge?: boolean
  }
}

/** One promise, shown by a function that rejects when it is broken. */
export interface Promised {
  readonly title: string
  /** The ability without which it cannot be shown. */
  readonly needs?: keyof NonNullable<ClientHarness['can']> | 'restart'
  run(stage: Stage): Promise<void>
}

/** What a promise is shown with: names of its own, clients that are closed after it. */
export interface Stage {
  readonly harness: ClientHarness
  /** A channel name that nobody else uses. */
  name(): string
  client(): Promise<Client>
}
